// What VideoForge reads: the demuxers and decoders that cameras, phones, editors, archives and the
// web make, as tables. Everything else ends with unsupported_input and the name of the codec.
#pragma once

#include <span>
#include <string>
#include <string_view>

struct AVCodec;
struct AVStream;

namespace vf::media::av {

struct AllowRow {
  std::string_view name;   // libav's name of the demuxer or codec
  std::string_view usage;  // who makes it
};

std::span<const AllowRow> allowed_demuxers();
std::span<const AllowRow> allowed_codecs();

// "mov,matroska,..." for AVFormatContext::format_whitelist.
const std::string& demuxer_whitelist();

// The ones of files that hold nothing but subtitles: read where a subtitle file is expected, never as a film.
const std::string& subtitle_demuxers();
// Decoder names for AVFormatContext/AVCodecContext::codec_whitelist.
const std::string& decoder_whitelist();

// The decoder for a stream's codec, or nullptr when the codec is not on the list or this build of
// libav has no decoder for it. `codec_id` is an AVCodecID.
const AVCodec* allowed_decoder(int codec_id);

// Whether this build of libav decodes the codec of that name.
bool is_decodable(std::string_view codec);

}  // namespace vf::media::av
