// Every stage kind there is, each defined in the file of its name. Internal to the room.
#pragma once

#include "pipeline/stage_kind.h"

namespace vf::pipeline {

extern const StageKind kProbeStage;
extern const StageKind kAudioFitStage;
extern const StageKind kEncodeStage;
extern const StageKind kCopyStage;
extern const StageKind kAudioStage;
extern const StageKind kSubtitlesStage;
extern const StageKind kPictureStage;
extern const StageKind kPosterStage;
extern const StageKind kStoryboardStage;
extern const StageKind kExtractFramesStage;
extern const StageKind kFramesArchiveStage;
extern const StageKind kScenesStage;
extern const StageKind kPreviewStage;
extern const StageKind kEncryptStage;
extern const StageKind kStitchStage;
extern const StageKind kVerifyPictureStage;
extern const StageKind kVerifySoundStage;
extern const StageKind kVerifyTrackStage;
extern const StageKind kGrowStage;
extern const StageKind kPackageStage;
extern const StageKind kVerifyStage;
extern const StageKind kClipLookStage;
extern const StageKind kClipEdgeStage;
extern const StageKind kMuxStage;
extern const StageKind kVerifyFileStage;
extern const StageKind kAnalyzePacketsStage;
extern const StageKind kAnalyzeVideoStage;
extern const StageKind kAnalyzeSoundStage;
extern const StageKind kAnalyzeStage;
extern const StageKind kComparePairsStage;
extern const StageKind kComparePictureStage;
extern const StageKind kCompareStage;

}  // namespace vf::pipeline
