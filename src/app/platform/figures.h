// The platform's figures for Prometheus, beside those that http and the process have of themselves.
#pragma once

#include "app/platform/storage.h"
#include "app/platform/worker.h"
#include "telemetry/metrics.h"

namespace vf::app {

// What is true now: the queue, jobs, stages and videos by state, room on the disk. Asked of the stores.
std::vector<telemetry::Reading> stored_figures(Storage& storage);

// What a lease came to, counted where it ended.
void count_lease(telemetry::Metrics& metrics, store::VideoStore& videos, const store::Lease& lease, const Ran& ran);

}  // namespace vf::app
