// Line coverage of sandboxed children. In coverage builds the profile's file is opened before the
// sandbox closes and written before the child ends; in all others this does nothing.
#pragma once

#include "base/fd.h"

namespace vf::media::sandbox {

class ProfileDump {
 public:
  ProfileDump();
  void write() const;

 private:
  UniqueFd file_;
};

}  // namespace vf::media::sandbox
