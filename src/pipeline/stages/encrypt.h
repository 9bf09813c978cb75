// Stage `encrypt`: one track chunk, encrypted. The clear chunk is what `verify` decodes.
//   inputs  the stage that made the chunk, with its fragments
//   output  the encrypted fragments
//   result  ChunkResult
#pragma once

#include "media/package/encrypt.h"

namespace vf::pipeline {

struct EncryptParams {
  media::EncryptionScheme scheme = media::EncryptionScheme::cbcs;
  std::string key;
  std::string key_id;
  std::string iv;
  int first_segment = 0;  // of the chunk, in the whole track
};
BOOST_DESCRIBE_STRUCT(EncryptParams, (), (scheme, key, key_id, iv, first_segment))

}  // namespace vf::pipeline
