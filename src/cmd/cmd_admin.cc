#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "app/platform/administer.h"
#include "cmd/command.h"
#include "cmd/data_report.h"
#include "cmd/server_options.h"

namespace vf::cmd {
namespace {

struct AdminCommand {
  ServerCommand server;
  OutputOptions output;
  std::string name;
  std::string role = "user";
  std::string title = "command line";
  std::string state;
  bool repair = false;
};

// Never an argument: others on the machine could read it in the list of processes.
Result<std::string> read_password() {
  std::string line;
  if (!std::getline(std::cin, line) || line.empty())
    return fail(ErrorCode::invalid_argument,
                "The password is read from standard input: echo \"$PASSWORD\" | videoforge ...");
  return line;
}

void print_row(const json::value& value) {
  std::string line;
  for (const auto& [key, item] : value.as_object())
    line += fmt::format("{}{}={}", line.empty() ? "" : "  ", std::string_view(key),
                        item.is_string() ? std::string(item.as_string()) : dump(item));
  fmt::print("{}\n", line);
}

int answer(const Result<json::value>& result, const OutputOptions& output) {
  if (!result) return report_error(result.error(), output);
  if (output.json)
    print_json(*result);
  else if (const auto* rows = result->if_array())
    for (const auto& row : *rows) print_row(row);
  else
    print_row(*result);
  return 0;
}

using Act = Result<json::value> (*)(const app::Config&, const AdminCommand&);

Result<json::value> create_user(const app::Config& config, const AdminCommand& c) {
  return app::add_user(config, c.name, VF_TRY(read_password()), c.role);
}
Result<json::value> change_password(const app::Config& config, const AdminCommand& c) {
  return app::set_user_password(config, c.name, VF_TRY(read_password()));
}
Result<json::value> show_users(const app::Config& config, const AdminCommand&) { return app::list_users(config); }
Result<json::value> change_role(const app::Config& config, const AdminCommand& c) {
  return app::set_user_role(config, c.name, c.role);
}
Result<json::value> create_key(const app::Config& config, const AdminCommand& c) {
  return app::add_key(config, c.name, c.title);
}
Result<json::value> rotate_secrets(const app::Config& config, const AdminCommand&) {
  return app::rotate_secrets(config);
}
Result<json::value> show_mails(const app::Config& config, const AdminCommand&) { return app::list_mails(config); }
Result<json::value> show_jobs(const app::Config& config, const AdminCommand& c) {
  return app::list_jobs(config, c.state);
}
Result<json::value> cancel_job(const app::Config& config, const AdminCommand& c) {
  return app::cancel_job(config, c.name);
}
Result<json::value> retry_job(const app::Config& config, const AdminCommand& c) {
  return app::retry_job(config, c.name);
}

CLI::App* add(CLI::App& group, Session& session, const char* name, const char* what, Act act,
              const std::shared_ptr<AdminCommand>& options) {
  auto* command = group.add_subcommand(name, what);
  add_config_options(*command, options->server);
  command->add_flag("--json", options->output.json, "result as JSON");
  command->callback([&session, options, act] {
    session.action = [options, act](std::stop_token) {
      const auto config = load_config(options->server);
      return config ? answer(act(*config, *options), options->output) : report_error(config.error(), options->output);
    };
  });
  return command;
}

int examine(const AdminCommand& options) {
  const auto config = load_config(options.server);
  if (!config) return report_error(config.error(), options.output);
  const auto report = app::examine_data(*config, options.repair);
  if (!report) return report_error(report.error(), options.output);
  if (options.output.json)
    print_json(to_json(*report));
  else
    print_data_report(*report, options.repair);
  return report->healthy ? 0 : 5;
}

}  // namespace

void add_admin(CLI::App& parser, Session& session) {
  auto options = std::make_shared<AdminCommand>();
  auto* admin = parser.add_subcommand("admin", "accounts, keys, jobs and the data folder, without a server in between");
  admin->footer(
      "Examples:\n  echo \"$PASSWORD\" | videoforge admin user create anna --role admin\n  videoforge admin user list\n"
      "  videoforge admin key create anna\n  videoforge admin job list --state failed\n  videoforge admin data");
  admin->require_subcommand(1);

  auto* user = admin->add_subcommand("user", "accounts");
  user->require_subcommand(1);
  auto* make =
      add(*user, session, "create", "a new account; its password comes by standard input", create_user, options);
  make->add_option("name", options->name, "user name")->required();
  make->add_option("--role", options->role, "viewer, user or admin (user)");
  add(*user, session, "password", "a new password, by standard input; all sessions end", change_password, options)
      ->add_option("name", options->name, "user name")
      ->required();
  auto* role = add(*user, session, "role", "what an account may do", change_role, options);
  role->add_option("name", options->name, "user name")->required();
  role->add_option("role", options->role, "viewer, user or admin")->required();
  add(*user, session, "list", "all accounts", show_users, options);

  auto* key = admin->add_subcommand("key", "API keys, and the key that secrets are sealed with");
  key->require_subcommand(1);
  auto* make_key = add(*key, session, "create", "a new key for an account; it is shown once", create_key, options);
  make_key->add_option("name", options->name, "user name")->required();
  make_key->add_option("--title", options->title, "what the key is for");

  add(*key, session, "rotate-secrets", "seals every secret in the database with a new key; the old one is refused then",
      rotate_secrets, options);
  add(*admin, session, "mail", "password resets that wait to be mailed, with their tokens", show_mails, options);

  auto* job = admin->add_subcommand("job", "jobs of all accounts");
  job->require_subcommand(1);
  add(*job, session, "list", "jobs, the newest first", show_jobs, options)
      ->add_option("--state", options->state, "pending, processing, paused, completed, failed or cancelled");
  add(*job, session, "cancel", "ends a job", cancel_job, options)->add_option("id", options->name, "job")->required();
  add(*job, session, "retry", "goes on with a failed or cancelled job", retry_job, options)
      ->add_option("id", options->name, "job")
      ->required();

  auto* data = admin->add_subcommand("data", "whether rows, blobs and the audit log belong together");
  add_config_options(*data, options->server);
  data->add_flag("--json", options->output.json, "result as JSON");
  data->add_flag("--repair", options->repair, "mend it: make damaged sets anew, remove what nobody needs");
  data->callback([&session, options] { session.action = [options](std::stop_token) { return examine(*options); }; });
}

}  // namespace vf::cmd
