// Traces of the platform: one trace follows an upload from its first request to the last stage of its job.
//
//   request -> upload -> job -> drive, one for each round -> the stages that it ordered
//
// A job's and a drive's span ids follow from the job's id, so that every worker process names them alike and
// nobody has to tell; the job's row holds what it hangs on. A later job of the same upload (after an import)
// hangs on the upload, too.
#pragma once

#include <memory>

#include "app/platform/config.h"
#include "app/platform/worker.h"
#include "http/router.h"
#include "telemetry/trace.h"

namespace vf::app {

// Nothing where telemetry.otlp_endpoint is empty. Errors: invalid_argument, a setting that cannot be.
Result<std::unique_ptr<telemetry::Tracer>> open_tracer(const Config& config, std::string_view process,
                                                       std::function<void(const Error&)> complain);

// Gives a request its place in a trace, by its traceparent or at the beginning of a new one.
void begin_request(const telemetry::Tracer& tracer, const http::Request& request);
void end_request(telemetry::Tracer& tracer, const http::Finished& finished);

// The spans of a lease: its stages or its drive, and of the job where it ended with it.
void trace_lease(telemetry::Tracer& tracer, const std::string& worker, const store::Lease& lease, const Ran& ran);

// Of a job that ended outside of a lease: cancelled.
void trace_job(telemetry::Tracer& tracer, const store::Job& job, std::string_view outcome, const std::string& error);

}  // namespace vf::app
