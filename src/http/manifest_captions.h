// Captions that were uploaded after the transcode, put into a finished set's manifests on their way out.
// RFC 8216 4.3.4.1 (EXT-X-MEDIA), ISO/IEC 23009-1 5.3.3 (AdaptationSet). Pure text in, text out.
#pragma once

#include <string>
#include <vector>

#include "store/videos.h"

namespace vf::http {

// A master playlist that names "<language>.captions.m3u8" for each.
std::string with_captions_hls(std::string master, const std::vector<store::Caption>& captions);

// An MPD whose period offers "<language>.vtt" for each.
std::string with_captions_dash(std::string manifest, const std::vector<store::Caption>& captions);

// "<language>.captions.m3u8": one segment, the whole text.
std::string caption_playlist(const store::Caption& caption, std::int64_t duration_ms);

}  // namespace vf::http
