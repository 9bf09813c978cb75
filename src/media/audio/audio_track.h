// One audio track of a streaming set: decoded, made continuous, and encoded once for the whole film
// (never per chunk: an encoder started anew is heard), or copied packet by packet where it fits.
//
// Time 0 of the track is `start_seconds` of the source: the moment the video's first picture shows.
// The encoder's delay stands in front of it in media time and is declared as TrackChunk::priming,
// which the track's header turns into an edit list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/audio/continuous_sound.h"
#include "media/package/track.h"

namespace vf::media::audio {

struct AudioSpec {
  int stream_index = 0;
  std::string codec = "aac";    // "aac" or "opus"
  std::int64_t bit_rate = 0;    // bit/s; 0 = by codec and channels
  int channels = 0;             // 1, 2 or 6; 0 = as the source: mono, stereo, 5.1 from 6 channels on, else stereo
  double start_seconds = 0;     // on the source's time line: becomes 0
  double duration_seconds = 0;  // the track is exactly this long; 0 = as long as there is sound
  std::vector<double>
      segment_starts;  // from the track's start; a segment begins at the first frame border at or after each
  int first_segment_number = 1;
  double gain_db = 0;
  std::optional<double>
      loudness_lufs;            // EBU R128 target, reached by a linear gain that keeps the true peak under -1 dBTP
  std::optional<double> tempo;  // 2 = twice as fast at the same pitch; all times above are of the source
};
BOOST_DESCRIBE_STRUCT(AudioSpec, (),
                      (stream_index, codec, bit_rate, channels, start_seconds, duration_seconds, segment_starts,
                       first_segment_number, gain_db, loudness_lufs, tempo))

struct AudioTrack {
  TrackChunk chunk;
  std::optional<LoudnessInfo> source_loudness;  // where a loudness target was given and there is sound
  double gain_db = 0;                           // what was applied
  SoundRepairs repairs;
};
BOOST_DESCRIBE_STRUCT(AudioTrack, (), (chunk, source_loudness, gain_db, repairs))

// Decodes stream `spec.stream_index` of `fd` and appends the encoded fragments to `out_fd`.
// Repairs are told as warnings of the chunk. Errors: invalid_argument, invalid_input,
// unsupported_input, and what writing says.
Result<AudioTrack> encode_audio_track(int fd, const AudioSpec& spec, int out_fd, const Progress& progress = {});

// The bit rate that `bit_rate = 0` stands for.
std::int64_t default_bit_rate(const std::string& codec, int channels);

// What the channel rule makes of a source with so many channels.
int channels_for(int source_channels);

struct AudioCopyDecision {
  bool can_copy = false;
  std::string reason;  // a sentence: why, or why not
};
BOOST_DESCRIBE_STRUCT(AudioCopyDecision, (), (can_copy, reason))

// Reads the stream's packets (no decoding) and says whether they can be the track as they are:
// AAC-LC or Opus, one configuration, no gaps, sound from the start to the end of the range.
// Gain and loudness in the spec need encoding and end with a refusal.
Result<AudioCopyDecision> can_copy_audio(int fd, const AudioSpec& spec);

// The same packets as fragments; `codec`, `bit_rate` and `channels` of the spec are not read.
// Errors: invalid_argument with the reason where can_copy_audio refuses.
Result<AudioTrack> copy_audio_track(int fd, const AudioSpec& spec, int out_fd, const Progress& progress = {});

}  // namespace vf::media::audio
