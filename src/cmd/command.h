// One subcommand a file. Each adds itself to the parser and leaves what to do in the Session.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include <CLI/App.hpp>

#include "app/engine.h"
#include "cmd/output.h"

namespace vf::cmd {

// What the process was asked to do, once the command line is read.
struct Session {
  std::function<int(std::stop_token)> action;
};

// Options that every working command has.
struct CommonOptions {
  OutputOptions output;
  app::EngineOptions engine;
  bool no_cache = false;
};

void add_common_options(CLI::App& command, CommonOptions& options);
app::EngineOptions engine_options(const CommonOptions& options);

void add_probe(CLI::App& parser, Session& session);
void add_plan(CLI::App& parser, Session& session);
void add_transcode(CLI::App& parser, Session& session);
void add_clip(CLI::App& parser, Session& session);
void add_process(CLI::App& parser, Session& session);
void add_analyze(CLI::App& parser, Session& session);
void add_compare(CLI::App& parser, Session& session);
void add_frames(CLI::App& parser, Session& session);
void add_thumbnails(CLI::App& parser, Session& session);
void add_presets(CLI::App& parser, Session& session);
void add_cache(CLI::App& parser, Session& session);
void add_doctor(CLI::App& parser, Session& session);
void add_serve(CLI::App& parser, Session& session);
void add_worker(CLI::App& parser, Session& session);
void add_config(CLI::App& parser, Session& session);
void add_admin(CLI::App& parser, Session& session);

}  // namespace vf::cmd
