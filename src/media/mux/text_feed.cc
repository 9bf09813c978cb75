// WebVTT of our own (media/subtitles) as packets of the text codec that a container holds.
#include <charconv>
#include <string_view>

#include "base/fd.h"
#include "media/mux/feed.h"

namespace vf::media::mux {
namespace {

constexpr std::int64_t kMaxDocument = 64 << 20;

struct Cue {
  std::int64_t start = 0, end = 0;  // ms
  std::string text;
};

// "00:01:02.345", as media/subtitles writes it.
std::int64_t time_of(std::string_view text) {
  std::int64_t parts[4] = {};
  const auto* at = text.data();
  const auto* const end = at + text.size();
  for (auto& part : parts) {
    const auto [stop, code] = std::from_chars(at, end, part);
    if (code != std::errc()) return 0;
    at = stop < end ? stop + 1 : end;
  }
  return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000 + parts[3];
}

std::vector<Cue> cues_of(std::string_view document) {
  std::vector<Cue> out;
  bool inside = false;
  while (!document.empty()) {
    const auto line = document.substr(0, document.find('\n'));
    document.remove_prefix(std::min(document.size(), line.size() + 1));
    if (const auto arrow = line.find(" --> "); !inside && arrow != std::string_view::npos) {
      out.push_back({time_of(line.substr(0, arrow)), time_of(line.substr(arrow + 5)), {}});
      inside = true;
    } else if (line.empty()) {
      inside = false;
    } else if (inside) {
      if (!out.back().text.empty()) out.back().text += '\n';
      out.back().text += line;
    }
  }
  return out;
}

std::string plain(const std::string& text, bool keep_tags) {
  static constexpr std::pair<std::string_view, char> kEntities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}};
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<' && !keep_tags) {
      i = std::min(text.find('>', i), text.size() - 1);
      continue;
    }
    char byte = text[i];
    for (const auto& [name, meaning] : kEntities)
      if (text.compare(i, name.size(), name) == 0) {
        byte = meaning;
        i += name.size() - 1;
        break;
      }
    out += byte;
  }
  return out;
}

// TextSampleEntry without its SampleEntry (3GPP TS 26.245 5.16): centred at the bottom, white, one font.
constexpr std::uint8_t kTextEntry[] = {0, 0, 0, 0,  1,   0xff, 0,   0,   0,    0,  // flags, place, background
                                       0, 0, 0, 0,  0,   0,    0,   0,             // box: the whole picture
                                       0, 0, 0, 0,  0,   1,    0,   18,  0xff, 0xff, 0xff, 0xff,  // style
                                       0, 0, 0, 17, 'f', 't',  'a', 'b', 0,    1,    0,    1,    4, 'S', 'a', 'n', 's'};

class TextFeed : public Feed {
 public:
  Result<void> open(int fd, const std::string& codec) {
    cues_ = cues_of(VF_TRY(read_whole(fd, kMaxDocument)));
    parameters_.reset(avcodec_parameters_alloc());
    if (!parameters_) return fail(ErrorCode::no_memory, "There is not enough memory for the subtitles.");
    parameters_->codec_type = AVMEDIA_TYPE_SUBTITLE;
    parameters_->codec_id = codec == "mov_text" ? AV_CODEC_ID_MOV_TEXT
                            : codec == "webvtt" ? AV_CODEC_ID_WEBVTT
                                                : AV_CODEC_ID_SUBRIP;
    if (parameters_->codec_id != AV_CODEC_ID_MOV_TEXT) return {};
    parameters_->extradata = static_cast<std::uint8_t*>(av_mallocz(sizeof kTextEntry + AV_INPUT_BUFFER_PADDING_SIZE));
    if (!parameters_->extradata) return fail(ErrorCode::no_memory, "There is not enough memory for the subtitles.");
    std::copy(std::begin(kTextEntry), std::end(kTextEntry), parameters_->extradata);
    parameters_->extradata_size = sizeof kTextEntry;
    return {};
  }

  AVCodecParameters* parameters() override { return parameters_.get(); }
  Rational time_base() const override { return {1, 1000}; }

  Result<bool> next(AVPacket* packet) override {
    av_packet_unref(packet);
    if (next_ == cues_.size()) return false;
    const auto& cue = cues_[next_++];
    std::string text = cue.text;
    if (parameters_->codec_id == AV_CODEC_ID_MOV_TEXT) {
      text = plain(text, false).substr(0, 0xffff);
      text.insert(0, {static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)});
    } else if (parameters_->codec_id == AV_CODEC_ID_SUBRIP) {
      text = plain(text, true);
    }
    if (av_new_packet(packet, static_cast<int>(text.size())) < 0)
      return fail(ErrorCode::no_memory, "There is not enough memory for the subtitles.");
    std::ranges::copy(text, packet->data);
    packet->pts = packet->dts = cue.start;
    packet->duration = std::max<std::int64_t>(1, cue.end - cue.start);
    packet->flags |= AV_PKT_FLAG_KEY;
    return true;
  }

 private:
  std::vector<Cue> cues_;
  std::size_t next_ = 0;
  ParametersPtr parameters_;
};

}  // namespace

Result<FeedPtr> make_text_feed(int fd, const std::string& codec) {
  auto feed = std::make_unique<TextFeed>();
  VF_CHECK(feed->open(fd, codec));
  return feed;
}

}  // namespace vf::media::mux
