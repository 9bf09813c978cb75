#include <algorithm>
#include <array>

#include "pipeline/stages/kinds.h"

namespace vf::pipeline {
namespace {

const std::array kKinds{
    kProbeStage,      // reads the source: everything worth knowing, and its index
    kAudioFitStage,   // can this sound be copied
    kEncodeStage,     // one chunk, every rendition, one decode
    kCopyStage,       // one chunk of a stream that fits
    kAudioStage,      // one sound track, whole
    kSubtitlesStage,  // one text track as WebVTT
    kPictureStage,    // a picture that is to be laid over a video
    kPosterStage,
    kStoryboardStage,
    kExtractFramesStage,   // frames as pictures: a piece of an archive
    kFramesArchiveStage,   // the list and the directory of all pieces
    kScenesStage,          // what frames look like, roughly
    kPreviewStage,         // an animated picture
    kVerifyPictureStage,   // decodes what one chunk holds and compares it with the source
    kVerifySoundStage,     // decodes a sound track and measures its offset
    kEncryptStage,         // one chunk, encrypted
    kStitchStage,          // the header over all chunks of a track
    kVerifyTrackStage,     // the joined track: structure, times, bit rates
    kGrowStage,            // what can be watched of a set on its way
    kPackageStage,         // playlists and manifest
    kVerifyStage,          // the verdict over the whole set
    kClipLookStage,        // where a video can be cut without encoding
    kClipEdgeStage,        // the pictures between a cut and a key frame
    kMuxStage,             // one finished file
    kVerifyFileStage,      // and its proof
    kAnalyzePacketsStage,  // bits of every second
    kAnalyzeVideoStage,    // measures the pictures of one chunk
    kAnalyzeSoundStage,    // measures one sound track
    kAnalyzeStage,         // what those measurements say
    kComparePairsStage,    // scores the pictures of one chunk of two videos
    kComparePictureStage,  // one pair of pictures, to look at
    kCompareStage,         // the scores of two videos
};

}  // namespace

std::span<const StageKind> stage_kinds() { return kKinds; }

const StageKind* find_stage_kind(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &StageKind::name);
  return found != kKinds.end() ? &*found : nullptr;
}

}  // namespace vf::pipeline
