#include "auth/password_policy.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <set>
#include <string>

#include <fmt/format.h>

#include "auth/common_passwords.h"

namespace vf::auth {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// "p@ssw0rd" -> "password": the dresses that every guessing program tries first.
std::string undress(std::string text) {
  static constexpr std::string_view dressed = "@4301!|5$7+89";
  static constexpr std::string_view plain = "aaeoiiisSttbg";
  for (auto& c : text)
    if (const auto at = dressed.find(c); at != std::string_view::npos)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(plain[at])));
  return text;
}

std::string without_borders(std::string_view text) {
  while (!text.empty() && !is_letter(text.front())) text.remove_prefix(1);
  while (!text.empty() && !is_letter(text.back())) text.remove_suffix(1);
  return std::string(text);
}

bool is_stem(std::string_view text) { return std::ranges::binary_search(kCommonPasswords, text); }

std::string letters_of(std::string text) {
  std::erase_if(text, [](char c) { return !is_letter(c); });
  return text;
}

std::string without_signs(std::string_view text) {
  const auto is_sign = [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); };
  while (!text.empty() && is_sign(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_sign(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// The stem that a text is dressed up from, or nothing. As a whole first ("qwe123"); then digits and signs around it
// are taken off before its letters are undressed, and after.
std::string stem_of(const std::string& text) {
  for (const auto& form : {text, without_signs(text)})
    if (is_stem(form)) return form;
  for (const auto& form :
       {without_borders(text), without_borders(undress(without_borders(text))), without_borders(undress(text))})
    for (const auto& plain : {form, letters_of(form)})
      if (is_stem(plain)) return plain;
  return {};
}

// "passw0rd!passw0rd!" -> "passw0rd!"; a text that repeats nothing is itself.
std::string repeated_part(const std::string& text) {
  for (std::size_t size = 1; size * 2 <= text.size(); ++size)
    if (text.size() % size == 0 && text.compare(size, std::string::npos, text, 0, text.size() - size) == 0)
      return text.substr(0, size);
  return text;
}

// Also the same stem twice, however each is dressed ("dragon1!dr4gon").
bool is_common(const std::string& text) {
  if (!stem_of(text).empty() || !stem_of(repeated_part(text)).empty()) return true;
  for (const auto& plain : {letters_of(text), letters_of(undress(text))})
    if (is_stem(repeated_part(plain))) return true;
  const auto half = text.size() / 2;
  const auto stem = stem_of(text.substr(0, half));
  return !stem.empty() && stem == stem_of(text.substr(half));
}

struct Key {
  int row = -1;
  int column = 0;
};

// Where a sign is on the keyboards of the United States, whose rows most others share; capitals and the signs above
// the digits are on the same keys.
Key key_of(char c) {
  static constexpr std::array<std::string_view, 5> rows{"1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./",
                                                        "!@#$%^&*()_+"};
  for (std::size_t row = 0; row < rows.size(); ++row)
    if (const auto at = rows[row].find(c); at != std::string_view::npos)
      return {row == 4 ? 0 : static_cast<int>(row), static_cast<int>(at)};
  return {};
}

// "1q2w3e4r5t", "zaq12wsxcde3", "1qaz!QAZ2wsx": fingers that walk from key to key.
bool is_keyboard_walk(std::string_view text) {
  std::size_t steps = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const auto from = key_of(text[i - 1]), to = key_of(text[i]);
    if (from.row >= 0 && to.row >= 0 && std::abs(from.row - to.row) <= 1 && std::abs(from.column - to.column) <= 1)
      ++steps;
  }
  return steps * 10 >= (text.size() - 1) * 7;
}

// "aaaaaaaaab", "1234567890", "abcdefghijkl", "9876543210": few characters, or one step over and over.
bool is_monotonous(std::string_view text) {
  if (std::set<char>(text.begin(), text.end()).size() < 5) return true;
  std::size_t steps = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const int step = text[i] - text[i - 1];
    if (step >= -1 && step <= 1) ++steps;
  }
  return steps * 4 >= (text.size() - 1) * 3;
}

int classes(std::string_view text) {
  bool low = false, high = false, digit = false, other = false;
  for (const unsigned char c : text) {
    if (std::islower(c))
      low = true;
    else if (std::isupper(c))
      high = true;
    else if (std::isdigit(c))
      digit = true;
    else
      other = true;
  }
  return low + high + digit + other;
}

bool is_name_with_little_added(std::string_view text, const std::string& name) {
  if (name.empty()) return false;
  const auto at = text.find(name);
  return text == name + name || (at != std::string_view::npos && text.size() < name.size() + 6);
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

Result<void> check_password(const PasswordPolicy& policy, std::string_view password, std::string_view user_name) {
  const auto refuse = [](std::string why) { return fail(ErrorCode::invalid_argument, std::move(why)); };
  if (characters(password) < policy.least_length)
    return refuse(fmt::format("The password is too short: take {} characters or more.", policy.least_length));
  if (password.size() > policy.most_length)
    return refuse(fmt::format("The password is too long: take at most {} bytes.", policy.most_length));
  if (password.find('\0') != std::string_view::npos) return refuse("The password holds a NUL character.");
  if (classes(password) < policy.least_classes)
    return refuse(fmt::format("The password needs {} of these: small letters, capital letters, digits, other signs.",
                              policy.least_classes));
  const auto text = lower(password);
  const auto name = lower(user_name);
  if (is_name_with_little_added(text, name))
    return refuse("The password is your user name with little added; take one that has nothing to do with it.");
  if (is_monotonous(text)) return refuse("The password is one pattern over and over; take a few unrelated words.");
  if (is_keyboard_walk(text))
    return refuse("The password is a walk over the keyboard, which is tried first; take a few unrelated words.");
  if (is_common(text))
    return refuse("The password is on the list of those that are tried first; take a few unrelated words.");
  return {};
}

}  // namespace vf::auth
