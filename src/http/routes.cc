#include "http/routes.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace vf::http {
namespace {

using Params = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  if (path == "/") return out;
  for (std::size_t at = 1; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    out.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// One segment of a template.
struct Pattern {
  enum class Kind { literal, parameter, rest };
  Kind kind = Kind::literal;
  std::string text;  // the literal, or what follows a parameter: ".mp4"
  std::string name;
};

bool plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~").find(c) != std::string_view::npos;
  });
}

std::optional<Pattern> read_pattern(std::string_view segment, bool last) {
  if (!segment.starts_with('{')) {
    if (segment.empty() || !plain(segment)) return std::nullopt;
    return Pattern{Pattern::Kind::literal, std::string(segment), {}};
  }
  const auto end = segment.find('}');
  if (end == std::string_view::npos) return std::nullopt;
  auto name = segment.substr(1, end - 1);
  const auto suffix = segment.substr(end + 1);
  const bool rest = name.ends_with("...");
  if (rest) name.remove_suffix(3);
  if (name.empty() || !plain(name) || !plain(suffix) || (rest && (!last || !suffix.empty()))) return std::nullopt;
  return Pattern{rest ? Pattern::Kind::rest : Pattern::Kind::parameter, std::string(suffix), std::string(name)};
}

}  // namespace

struct Routes::Node {
  struct Parameter {
    std::string suffix;
    std::unique_ptr<Node> node;
  };
  // An endpoint with the names of its parameters: those of one place may differ between methods.
  struct Target {
    const Endpoint* endpoint = nullptr;
    std::vector<std::string> names;
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::vector<Parameter> parameters;  // the longest suffix first
  std::unique_ptr<Node> rest;
  std::map<std::string, Target, std::less<>> methods;

  Node& child(const Pattern& pattern) {
    auto& place = pattern.kind == Pattern::Kind::literal ? literals[pattern.text]
                  : pattern.kind == Pattern::Kind::rest  ? rest
                                                         : parameter(pattern.text);
    if (!place) place = std::make_unique<Node>();
    return *place;
  }

  std::unique_ptr<Node>& parameter(const std::string& suffix) {
    const auto at = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) {
      return p.suffix == suffix || p.suffix.size() < suffix.size();
    });
    if (at != parameters.end() && at->suffix == suffix) return at->node;
    return parameters.insert(at, Parameter{suffix, nullptr})->node;
  }

  const Target* of(std::string_view method) const {
    auto found = methods.find(method);
    if (found == methods.end() && method == "HEAD") found = methods.find("GET");
    return found == methods.end() ? nullptr : &found->second;
  }
};

namespace {

// One walk down the tree for one request.
template <typename Node>
struct Walk {
  std::string_view path;
  std::string_view method;
  std::vector<std::string_view> segments;
  std::vector<std::string_view> values;
  Routes::Match match;

  bool arrive(const Node& node) {
    if (node.methods.empty()) return false;
    if (const auto* target = node.of(method)) {
      match.endpoint = target->endpoint;
      for (std::size_t i = 0; i < values.size(); ++i) match.params.emplace_back(target->names[i], values[i]);
      return true;
    }
    for (const auto& [name, unused] : node.methods)
      if (std::find(match.allowed.begin(), match.allowed.end(), name) == match.allowed.end())
        match.allowed.push_back(name);
    return false;
  }

  bool go(const Node& node, std::size_t depth) {
    if (depth == segments.size()) return arrive(node);
    const auto segment = segments[depth];
    if (const auto next = node.literals.find(segment); next != node.literals.end() && go(*next->second, depth + 1))
      return true;
    for (const auto& [suffix, next] : node.parameters) {
      if (segment.size() <= suffix.size() || !segment.ends_with(suffix)) continue;
      values.push_back(segment.substr(0, segment.size() - suffix.size()));
      if (go(*next, depth + 1)) return true;
      values.pop_back();
    }
    if (!node.rest || segment.empty()) return false;
    values.push_back(path.substr(static_cast<std::size_t>(segment.data() - path.data())));
    if (arrive(*node.rest)) return true;
    values.pop_back();
    return false;
  }
};

}  // namespace

Routes::Routes() : root_(std::make_unique<Node>()) {}
Routes::~Routes() = default;
Routes::Routes(Routes&&) noexcept = default;

Result<void> Routes::add(const Endpoint& endpoint) {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::internal, fmt::format("The endpoint {} {} {}.", endpoint.method, endpoint.path, why));
  };
  if (!endpoint.path.starts_with('/')) return wrong("does not begin with \"/\"");
  Node* node = root_.get();
  std::vector<std::string> names;
  const auto segments = segments_of(endpoint.path);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto pattern = read_pattern(segments[i], i + 1 == segments.size());
    if (!pattern) return wrong(fmt::format("has a bad segment \"{}\"", segments[i]));
    if (!pattern->name.empty()) {
      if (std::find(names.begin(), names.end(), pattern->name) != names.end())
        return wrong(fmt::format("names \"{}\" twice", pattern->name));
      names.push_back(pattern->name);
    }
    node = &node->child(*pattern);
  }
  if (!node->methods.try_emplace(endpoint.method, Node::Target{&endpoint, std::move(names)}).second)
    return wrong("is there twice");
  return {};
}

Routes::Match Routes::find(std::string_view method, std::string_view path) const {
  Walk<Node> walk{path, method, segments_of(path), {}, {}};
  walk.go(*root_, 0);
  auto& allowed = walk.match.allowed;
  if (std::find(allowed.begin(), allowed.end(), "GET") != allowed.end() &&
      std::find(allowed.begin(), allowed.end(), "HEAD") == allowed.end())
    allowed.push_back("HEAD");
  return std::move(walk.match);
}

}  // namespace vf::http
