// An opened media file: libav's demuxer over a descriptor, behind the allow-lists of allow.h.
//
// libav never sees a name or a protocol: the caller opens the file and hands over the descriptor.
// Reads are positioned (pread), so several Inputs may share one descriptor. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

struct AVFormatContext;
struct AVPacket;
struct AVStream;

namespace vf::media::av {

// Of a packet that is only skimmed: parameter sets, supplemental information and the first slice's header.
inline constexpr int kSkimBytes = 4096;

struct InputOptions {
  std::int64_t probe_bytes = 5'000'000;  // read at most this much to recognise the streams
  std::int64_t analyze_microseconds = 5'000'000;
  int max_streams = 64;          // more end with limit_exceeded
  std::int64_t max_pixels = 0;   // no decoder may start on a larger picture; 0 = no cap
  bool subtitle_file = false;    // also the containers that hold nothing but text
  bool find_stream_info = true;  // off where the caller only copies known packets
  // A blob of our own in pieces (header, then chunks), read as one virtual file. Empty: `fd` alone.
  std::vector<int> parts = {};
};

class Input {
 public:
  // The descriptor stays the caller's and must outlive the Input. Errors: unsupported_input (a
  // container that is not on the list), invalid_input (nothing recognisable), limit_exceeded.
  static Result<Input> open(int fd, const InputOptions& options = {});

  Input(Input&&) noexcept;
  Input& operator=(Input&&) noexcept;
  ~Input();

  AVFormatContext* get() const;
  AVStream* stream(int index) const;
  std::int64_t bytes() const;  // size of the file

  // The next packet: true, or false at the end of the file. A read error of the descriptor itself is
  // returned as an error (never mistaken for the end); damaged packets are skipped by libav and
  // counted in `damaged()`.
  Result<bool> read(AVPacket* packet);
  int damaged() const;

  // Starts again at the first packet and skims: packets keep their sizes and times but only the first
  // kSkimBytes of their payload are read; the rest is undefined. No parser looks at them: times and key
  // flags are the container's own. Only where its index tells both of every packet (MP4 and MOV without
  // fragments). False: reading goes on as before.
  bool skim_from_start();

  // Positions before the key frame at or before `timestamp` (ticks of the stream's time base).
  // Falls back to the beginning where the container cannot seek.
  Result<void> seek(int stream_index, std::int64_t timestamp);

 private:
  struct State;
  explicit Input(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vf::media::av
