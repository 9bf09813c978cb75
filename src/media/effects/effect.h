// What can be done to pictures besides scaling, as a table: names, numbers and their bounds. Nobody's text
// reaches libavfilter; its graphs are put together here from checked numbers, of filters that read no file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/rational.h"

namespace vf::media::effects {

struct Effect {
  std::string name;
  std::vector<double> values;  // one for each parameter of its row
};
BOOST_DESCRIBE_STRUCT(Effect, (), (name, values))

// The effects of one film, in order. Pictures of `run_in_ticks` before a chunk are looked at too, where an
// effect remembers what it saw.
struct EffectChain {
  std::vector<Effect> effects;
  std::int64_t run_in_ticks = 0;
  double film_seconds = 0;  // of the result, for what happens at its end
};
BOOST_DESCRIBE_STRUCT(EffectChain, (), (effects, run_in_ticks, film_seconds))

struct Parameter {
  std::string_view name;
  double least, most, usual;
  std::string_view words;  // names for 0, 1, 2 ... in place of numbers, between spaces
};

// Where an effect takes place.
enum class Place {
  graph,    // here, after scaling
  picture,  // in the chain of pictures: turning, deinterlacing, light
};

struct EffectRow {
  std::string_view name;
  std::span<const Parameter> parameters;
  Place place = Place::graph;
  bool whole_film = false;  // every picture depends on all before it: no chunks
  double run_in = 0;        // seconds before a chunk that it has to see
  std::string_view help;
};

std::span<const EffectRow> effect_rows();
const EffectRow* find_effect(std::string_view name);

// "NAME" or "NAME=VALUE[,VALUE]", as typed. Errors: invalid_argument, with what would be right.
Result<Effect> parse_effect(const std::string& text);

// Whether values came from a row's bounds: for parameters that come as JSON. Errors: invalid_argument.
Result<void> check(const Effect& effect);

}  // namespace vf::media::effects
