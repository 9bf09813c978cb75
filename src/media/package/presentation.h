// A finished or growing streaming set as plain data: the one source of the HLS playlists and the DASH
// manifest, so that both say the same about the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "media/package/track.h"
#include "media/package/track_header.h"

namespace vf::media {

struct BitRates {
  std::int64_t peak = 0;  // bit/s: the highest of any run of segments of 0.5 to 1.5 target durations (RFC 8216 4.3.4.2)
  std::int64_t mean = 0;  // bit/s
};
BOOST_DESCRIBE_STRUCT(BitRates, (), (peak, mean))

struct PresentationTrack {
  std::string name;  // "1080p", "en": unique among its kind; shown to people where there is no title
  std::string file;  // "video_1080p.mp4": relative to the manifests
  TrackFormat format;
  TrackLayout layout;
  BitRates bit_rates;    // see measure_bit_rates
  std::string language;  // BCP 47 or ISO 639-2; "und"
  std::string title;     // as the source names it; may be empty, may hold anything
  bool is_default = false;
};
BOOST_DESCRIBE_STRUCT(PresentationTrack, (), (name, file, format, layout, bit_rates, language, title, is_default))

// One WebVTT file for the whole presentation.
struct PresentationSubtitle {
  std::string name;
  std::string file;
  std::string language;
  std::string title;
  bool is_default = false;
  bool is_forced = false;
};
BOOST_DESCRIBE_STRUCT(PresentationSubtitle, (), (name, file, language, title, is_default, is_forced))

enum class EncryptionScheme { cbcs, aes128 };
BOOST_DESCRIBE_ENUM(EncryptionScheme, cbcs, aes128)

// What manifests say about encryption. The key itself is never part of a manifest.
struct PresentationEncryption {
  EncryptionScheme scheme = EncryptionScheme::cbcs;
  std::string key_id;       // 32 hex digits (cbcs)
  std::string iv;           // 32 hex digits: constant (cbcs) or of the first segment (aes128, see segment_iv)
  std::string key_uri;      // where players fetch the 16 bytes (HLS)
  std::string license_url;  // ClearKey licence server (DASH); empty: the page hands the key over itself
};
BOOST_DESCRIBE_STRUCT(PresentationEncryption, (), (scheme, key_id, iv, key_uri, license_url))

struct Presentation {
  double duration_seconds = 0;
  std::vector<PresentationTrack> video;  // best first
  std::vector<PresentationTrack> audio;
  std::vector<PresentationSubtitle> subtitles;
  std::optional<PresentationEncryption> encryption;
  bool finished = true;                // false: the tracks still grow (EVENT playlists, dynamic MPD)
  bool complete = false;               // growing only: all is there, listed as before for those who followed
  std::string follow_manifest;         // growing only: where players look for the MPD's next state
  std::string availability_start;      // growing only: RFC 3339 time at which second 0 became available
  double target_duration_seconds = 0;  // growing only: no segment will be longer; 0: the longest so far
};
BOOST_DESCRIBE_STRUCT(Presentation, (),
                      (duration_seconds, video, audio, subtitles, encryption, finished, complete, follow_manifest,
                       availability_start, target_duration_seconds))

// Measured from the segments of the joined file, headers included.
BitRates measure_bit_rates(const TrackLayout& layout, int timescale);

// Seconds that a segment is shown; the priming is cut from the first.
double segment_seconds(const TrackLayout& layout, std::size_t index, int timescale);

}  // namespace vf::media
