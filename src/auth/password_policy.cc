#include "auth/password_policy.h"

#include <algorithm>
#include <cctype>
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

bool is_stem_or_twice(std::string_view text) {
  const auto half = text.size() / 2;
  return is_stem(text) ||
         (text.size() % 2 == 0 && text.substr(0, half) == text.substr(half) && is_stem(text.substr(half)));
}

// Digits and signs around a stem are taken off before its letters are undressed, and after.
bool is_common(const std::string& password) {
  const auto letters = [](std::string text) {
    std::erase_if(text, [](char c) { return !is_letter(c); });
    return text;
  };
  for (const auto& form : {without_borders(password), without_borders(undress(without_borders(password))),
                           without_borders(undress(password))})
    if (is_stem_or_twice(form) || is_stem_or_twice(letters(form))) return true;
  return false;
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
  if (is_common(text))
    return refuse("The password is on the list of those that are tried first; take a few unrelated words.");
  return {};
}

}  // namespace vf::auth
