// The pieces every section of the report page is written with: escaping, figures for people, and
// reading report.json leniently (a missing member is an empty text, an empty list or no number, so
// that a page can be made of any report, an older one too).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace vf::app::html {

// Text as HTML content or as a double-quoted attribute's value.
std::string escape(std::string_view text);

// The name of a file beside the page as a relative URL (RFC 3986): "a b#1.mp4" -> "./a%20b%231.mp4".
// Empty for an empty name, and for one with a folder in it, which no file of a set has.
std::string file_url(std::string_view name);

// JSON that may stand inside a <script type="application/json">: no "<" is left in it.
std::string script_json(const json::value& value);

// "4.21 Mbit/s", "128 kbit/s"; an em dash for no number. Bits per second.
std::string bit_rate(std::optional<double> value);
// "12.4 MB", decimal units.
std::string bytes(std::optional<double> value);
// A position or length: "0:30", "1:02:03".
std::string clock(std::optional<double> seconds);
// A measured time: "0.42 s", "12.5 s", "3 min 20 s".
std::string elapsed(std::optional<double> seconds);
// A plain number with that many digits after the point.
std::string fixed(std::optional<double> value, int digits);

std::string text(const json::value& object, std::string_view key);
std::optional<double> number(const json::value& object, std::string_view key);
bool flag(const json::value& object, std::string_view key);
const json::array& items(const json::value& object, std::string_view key);
// The member, or null.
const json::value& member(const json::value& object, std::string_view key);

}  // namespace vf::app::html
