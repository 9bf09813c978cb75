// videoforge: reads the command line and hands over to one subcommand.
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <thread>

#include <pthread.h>
#include <unistd.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cmd/command.h"
#include "media/sandbox/nursery.h"
#include "pipeline/stage_child.h"

namespace {

constexpr const char* kDescription =
    "VideoForge turns any video into a streaming set that plays in a browser, and proves that it is right.\n\n"
    "  videoforge probe film.mov                what is in the file\n"
    "  videoforge plan film.mov                 what would be done, why, and what it costs\n"
    "  videoforge transcode film.mov -o out     do it: HLS and DASH, poster, storyboard, report\n"
    "  videoforge analyze film.mov              what is wrong with it, and when\n"
    "  videoforge frames film.mov -o frames.zip  exact frames as pictures\n"
    "  videoforge serve                         the same as a service: uploads, jobs, playback over HTTP";

sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

// The first interrupt asks the work to stop (it answers within a second); the second ends it at once.
void watch_interrupts(const std::stop_source& stop) {
  std::thread([stop]() mutable {
    const auto set = interrupts();
    int signal = 0;
    sigwait(&set, &signal);
    stop.request_stop();
    sigwait(&set, &signal);
    _exit(130);
  }).detach();
}

// A sentence about a first word that is no command; empty where it is one, or an option.
std::string unknown_command(const CLI::App& parser, std::string_view word) {
  std::string names;
  for (const auto* command : parser.get_subcommands({})) {
    if (word == command->get_name()) return {};
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  if (word.starts_with("-")) return {};
  return "There is no command '" + std::string(word) + "'. Choose from " + names + ".";
}

int run(int argc, char** argv) {
  CLI::App parser(kDescription, "videoforge");
  parser.set_version_flag("--version", std::string("videoforge ") + VIDEOFORGE_VERSION);
  parser.require_subcommand(1);
  vf::cmd::Session session;
  vf::cmd::add_probe(parser, session);
  vf::cmd::add_plan(parser, session);
  vf::cmd::add_transcode(parser, session);
  vf::cmd::add_clip(parser, session);
  vf::cmd::add_process(parser, session);
  vf::cmd::add_analyze(parser, session);
  vf::cmd::add_compare(parser, session);
  vf::cmd::add_frames(parser, session);
  vf::cmd::add_thumbnails(parser, session);
  vf::cmd::add_presets(parser, session);
  vf::cmd::add_cache(parser, session);
  vf::cmd::add_doctor(parser, session);
  vf::cmd::add_serve(parser, session);
  vf::cmd::add_worker(parser, session);
  vf::cmd::add_config(parser, session);
  vf::cmd::add_admin(parser, session);
  if (argc < 2) {
    std::fputs(parser.help().c_str(), stderr);
    return 2;
  }
  if (const auto wrong = unknown_command(parser, argv[1]); !wrong.empty()) {
    std::fprintf(stderr, "videoforge: %s\n", wrong.c_str());
    return 2;
  }
  try {
    parser.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return parser.exit(e) == 0 ? 0 : 2;
  }
  std::stop_source stop;
  watch_interrupts(stop);
  return session.action ? session.action(stop.get_token()) : 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (vf::media::is_nursery(argc, argv)) return vf::media::run_nursery(argc, argv, &vf::pipeline::run_stage_child);
  const auto set = interrupts();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const int status = run(argc, argv);
    if (std::fflush(stdout) != 0) {
      std::fputs("videoforge: Cannot write to standard output.\n", stderr);
      return status == 0 ? 4 : status;
    }
    return status;
  } catch (const std::bad_alloc&) {
    std::fputs("videoforge: There is not enough memory. Run it again; it goes on where it stopped.\n", stderr);
    return 4;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "videoforge: An unexpected fault: %s\n", e.what());
    return 5;
  }
}
