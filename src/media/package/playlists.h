// HLS playlists (RFC 8216bis, protocol version 7) and the DASH manifest (ISO/IEC 23009-1) of a
// presentation. The text is a pure function of it: the same presentation gives the same bytes.
#pragma once

#include <string>
#include <vector>

#include "media/package/presentation.h"

namespace vf::media {

struct ManifestFile {
  std::string name;  // relative to the set's folder
  std::string text;
};

// "video_1080p.m3u8" for "video_1080p.mp4".
std::string playlist_name(const std::string& file);

// One track: EXT-X-MAP and EXT-X-BYTERANGE into its file; VOD, or EVENT while it grows.
std::string media_playlist(const Presentation& presentation, const PresentationTrack& track);

// One WebVTT file as a single segment.
std::string subtitle_playlist(const Presentation& presentation, const PresentationSubtitle& subtitle);

// One variant for each video track and audio codec; audio alone where there is no video.
std::string master_playlist(const Presentation& presentation);

// SegmentBase on the files' own index; while tracks grow, a dynamic MPD with SegmentList and
// SegmentTimeline. Not for aes128, which DASH does not know: empty.
std::string dash_manifest(const Presentation& presentation);

// Everything above under its name: "master.m3u8", the media playlists, "manifest.mpd".
std::vector<ManifestFile> manifest_files(const Presentation& presentation);

}  // namespace vf::media
