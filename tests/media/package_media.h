// What the tests of media/package share: small clips made by ffmpeg's generators, their packets as
// samples, and the joined file as ffmpeg and ffprobe see it.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/fd.h"
#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/package/annexb.h"
#include "media/package/fragment_writer.h"
#include "media/package/sample_entry.h"
#include "media/package/track_header.h"

namespace vf::media::testing {

// A folder that goes with the test.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "vf-package-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct CommandResult {
  int status = -1;
  std::string output;  // standard output and standard error together
};

inline CommandResult run(const std::string& command) {
  CommandResult result;
  FILE* pipe = popen(("( " + command + " ) 2>&1 < /dev/null").c_str(), "r");
  char buffer[4096];
  while (const auto got = fread(buffer, 1, sizeof buffer, pipe)) result.output.append(buffer, got);
  result.status = pclose(pipe);
  return result;
}

inline void make_clip(const std::string& arguments, const std::string& path) {
  const auto made = run("ffmpeg -v error -y " + arguments + " " + path);
  ASSERT_EQ(made.status, 0) << made.output;
}

struct OwnedSample {
  std::int64_t pts;
  std::int64_t duration;
  bool key;
  std::vector<std::uint8_t> data;
};

struct Clip {
  TrackFormat format;
  std::vector<OwnedSample> samples;
};

// The packets of one stream as samples from time 0, Annex B converted.
inline Clip load_clip(const std::string& path, int timescale, SampleEntryOptions options = {}, int stream_index = 0) {
  Clip clip;
  const auto fd = open_for_read(path);
  auto input = av::Input::open(fd->get());
  if (!input) {
    ADD_FAILURE() << input.error().message << input.error().detail;
    return clip;
  }
  auto* stream = input->stream(stream_index);
  const Rational from{stream->time_base.num, stream->time_base.den};
  const Rational to{1, timescale};
  const auto packet = av::make_packet();
  std::vector<std::uint8_t> converted;
  std::int64_t origin = INT64_MAX;
  while (true) {
    const auto more = input->read(packet.get());
    if (!more || !*more) break;
    if (packet->stream_index == stream_index) {
      std::span<const std::uint8_t> data(packet->data, static_cast<std::size_t>(packet->size));
      const auto codec = stream->codecpar->codec_id;
      if ((codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC) &&
          is_annexb({stream->codecpar->extradata, static_cast<std::size_t>(stream->codecpar->extradata_size)})) {
        const auto done =
            annexb_to_lengths(codec == AV_CODEC_ID_H264 ? NalCodec::h264 : NalCodec::hevc, data, converted);
        EXPECT_TRUE(done) << done.error().message;
        data = converted;
      }
      origin = std::min(origin, packet->pts);
      clip.samples.push_back(
          {packet->pts, packet->duration, (packet->flags & AV_PKT_FLAG_KEY) != 0, {data.begin(), data.end()}});
    }
    av_packet_unref(packet.get());
  }
  if (clip.samples.empty()) {
    ADD_FAILURE() << "no packets in " << path;
    return clip;
  }
  for (auto& sample : clip.samples) {
    const auto end = rescale(sample.pts - origin + std::max<std::int64_t>(sample.duration, 1), from, to);
    sample.pts = rescale(sample.pts - origin, from, to);
    sample.duration = std::max<std::int64_t>(end - sample.pts, 1);
  }
  if (stream->codecpar->codec_id == AV_CODEC_ID_AC3 || stream->codecpar->codec_id == AV_CODEC_ID_EAC3) {
    options.first_packet = clip.samples.front().data;
  }
  auto format = make_track_format(*stream->codecpar, timescale, options);
  if (format)
    clip.format = *format;
  else
    ADD_FAILURE() << format.error().message << " " << format.error().detail;
  return clip;
}

struct Track {
  std::vector<TrackChunk> chunks;
  std::vector<std::string> blobs;
  TrackHeader header;
  std::string path;
};

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

inline void write_text(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline void write_joined(Track& track, const std::string& path) {
  std::string file = track.header.bytes;
  for (const auto& blob : track.blobs) file += blob;
  write_text(path, file);
  track.path = path;
}

// Writes the clip as chunks that begin at the samples `cuts`, with a segment at every `per_segment`
// samples (0: at every key sample).
inline Track write_track(const TempDir& dir, const Clip& clip, std::vector<std::size_t> cuts, std::size_t per_segment,
                         const std::string& name, std::int64_t priming = 0, const HeaderOptions& options = {}) {
  Track track;
  cuts.insert(cuts.begin(), 0);
  int sequence = 1;
  for (std::size_t c = 0; c < cuts.size(); ++c) {
    const auto path = dir / fmt::format("{}.chunk{}", name, c);
    const auto fd = create_new(path);
    auto writer = FragmentWriter::create(fd->get(), clip.format, sequence);
    const auto end = c + 1 < cuts.size() ? cuts[c + 1] : clip.samples.size();
    std::size_t in_segment = 0;
    for (std::size_t i = cuts[c]; i < end; ++i) {
      const auto& s = clip.samples[i];
      if (in_segment > 0 && (per_segment == 0 ? s.key : in_segment == per_segment)) {
        EXPECT_TRUE(writer->end_segment());
        in_segment = 0;
      }
      ++in_segment;
      const auto added = writer->add({s.pts, s.duration, s.key, s.data});
      EXPECT_TRUE(added) << added.error().message << " " << added.error().detail;
    }
    auto chunk = writer->finish();
    if (!chunk) {
      ADD_FAILURE() << chunk.error().message << " " << chunk.error().detail;
      return track;
    }
    if (c == 0) chunk->priming = priming;
    sequence += static_cast<int>(chunk->segments.size());
    track.chunks.push_back(std::move(*chunk));
    track.blobs.push_back(slurp(path));
  }
  auto header = build_header(clip.format, track.chunks, options);
  if (!header) {
    ADD_FAILURE() << header.error().message << " " << header.error().detail;
    return track;
  }
  track.header = std::move(*header);
  write_joined(track, dir / (name + ".mp4"));
  return track;
}

// Index of the key sample nearest behind the middle.
inline std::size_t middle_key(const Clip& clip) {
  std::size_t i = clip.samples.size() / 2;
  while (i + 1 < clip.samples.size() && !clip.samples[i].key) ++i;
  return i;
}

struct ProbedPacket {
  std::int64_t pts, dts, duration;
  bool key;
};

inline std::vector<ProbedPacket> probe_packets(const std::string& path) {
  const auto probed = run("ffprobe -v error -show_entries packet=pts,dts,duration,flags -of csv=p=0 '" + path + "'");
  EXPECT_EQ(probed.status, 0) << probed.output;
  std::vector<ProbedPacket> out;
  std::istringstream lines(probed.output);
  for (std::string line; std::getline(lines, line);) {
    ProbedPacket p{};
    char flag = 0;
    // ffprobe leaves some durations open, for its own files too.
    p.duration = -1;
    if (std::sscanf(line.c_str(), "%ld,%ld,%ld,%c", &p.pts, &p.dts, &p.duration, &flag) == 4 ||
        std::sscanf(line.c_str(), "%ld,%ld,N/A,%c", &p.pts, &p.dts, &flag) == 3) {
      p.key = flag == 'K';
      out.push_back(p);
    } else if (!line.empty()) {
      ADD_FAILURE() << line;
    }
  }
  return out;
}

// A folder on loopback with byte ranges, as long as the object lives (python3's own server knows none).
class RangeServer {
 public:
  explicit RangeServer(const TempDir& dir) {
    write_text(dir / "server.py", R"(
import http.server, os, re, sys, threading
os.chdir(sys.argv[1])
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        path = self.path.lstrip('/')
        if not os.path.isfile(path): return self.send_error(404)
        data = open(path, 'rb').read()
        wanted = re.match(r'bytes=(\d+)-(\d*)', self.headers.get('Range', ''))
        first = int(wanted[1]) if wanted else 0
        last = int(wanted[2]) if wanted and wanted[2] else len(data) - 1
        body = data[first:last + 1]
        self.send_response(206 if wanted else 200)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('Accept-Ranges', 'bytes')
        if wanted: self.send_header('Content-Range', f'bytes {first}-{first + len(body) - 1}/{len(data)}')
        self.end_headers()
        self.wfile.write(body)
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
)");
    // It ends when its standard input does.
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      execlp("python3", "python3", (dir / "server.py").c_str(), dir.path().c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    stop_ = UniqueFd(in[1]);
    char port[16] = {};
    ssize_t got = 0;
    do {
      got = read(out[0], port, sizeof port - 1);
    } while (got < 0 && errno == EINTR);
    EXPECT_GT(got, 0) << std::strerror(errno);
    port_ = std::atoi(port);
    told_ = UniqueFd(out[0]);  // it still writes the end of the line
  }
  ~RangeServer() {
    stop_.reset();
    waitpid(pid_, nullptr, 0);
  }
  std::string url(const std::string& name) const { return fmt::format("http://127.0.0.1:{}/{}", port_, name); }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
  UniqueFd stop_;
  UniqueFd told_;
};

// Decodes everything; what ffmpeg complains about fails the test. Returns the decoded frames' hashes.
inline std::string decode_hashes(const std::string& input, const std::string& options = "") {
  const auto decoded = run("ffmpeg -v error -xerror " + options + " -i '" + input +
                           "' -fps_mode passthrough -f framehash -hash md5 - | grep -v '^#' | awk -F, '{print $NF}'");
  EXPECT_EQ(decoded.status, 0) << decoded.output;
  return decoded.output;
}

}  // namespace vf::media::testing
