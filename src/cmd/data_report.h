// What `videoforge admin data` and `videoforge doctor --data` say about a data folder.
#pragma once

#include "app/platform/administer.h"

namespace vf::cmd {

// `repaired`: whether that was asked for.
void print_data_report(const app::DataReport& report, bool repaired);

}  // namespace vf::cmd
