// A worker with all that it needs besides storage; of the server, or of a process of its own.
#pragma once

#include <functional>
#include <memory>

#include "app/platform/config.h"
#include "app/platform/storage.h"
#include "app/platform/worker.h"
#include "media/sandbox/nursery.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/trace.h"

namespace vf::app {

struct Workshop {
  std::unique_ptr<media::Nursery> nursery;
  std::unique_ptr<Worker> worker;
};

// All of these outlive it; `tracer` may be null. `on_progress` gets the id of a job that went on.
Result<Workshop> open_workshop(const Config& config, Storage& storage, queue::Doorbell& doorbell, telemetry::Log& log,
                               telemetry::Metrics& metrics, telemetry::Tracer* tracer,
                               std::function<void(const std::string&)> on_progress);

}  // namespace vf::app
