#include "media/subtitles/markup.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "media/subtitles/webvtt.h"

namespace vf::media::subtitles {
namespace {

// Collects cue text: escapes characters, keeps tags nested, leaves out blank lines.
class CueText {
 public:
  void put(char c) {
    if (out_.size() >= kMaxCueBytes && (static_cast<unsigned char>(c) & 0xC0) != 0x80) full_ = true;
    if (full_) return;
    switch (c) {
      case '&':
        out_ += "&amp;";
        break;
      case '<':
        out_ += "&lt;";
        break;
      case '>':
        out_ += "&gt;";
        break;
      case '\n':
        new_line();
        break;
      case '\r':
      case '\0':
        break;
      default:
        out_ += c;
        line_empty_ = line_empty_ && c == ' ';
    }
    if (c == '&' || c == '<' || c == '>') line_empty_ = false;
  }
  void put(std::string_view text) {
    for (const char c : text) put(c);
  }
  // An entity that is right as it stands.
  void put_escaped(std::string_view entity) {
    if (out_.size() >= kMaxCueBytes) return;
    out_ += entity;
    line_empty_ = false;
  }
  void open(char tag) {
    if (std::ranges::find(open_, tag) != open_.end() || out_.size() >= kMaxCueBytes) return;
    open_.push_back(tag);
    out_ += {'<', tag, '>'};
  }
  void close(char tag) {
    const auto found = std::ranges::find(open_, tag);
    if (found == open_.end()) return;
    // Close what was opened inside, then open that again.
    std::vector<char> inner(found + 1, open_.end());
    for (auto it = open_.rbegin(); *it != tag; ++it) end_tag(*it);
    end_tag(tag);
    open_.erase(std::ranges::find(open_, tag), open_.end());
    for (const char t : inner) open(t);
  }
  std::string finish() {
    while (!out_.empty() && (out_.back() == '\n' || out_.back() == ' ')) out_.pop_back();
    while (!open_.empty()) close(open_.back());
    return visible() ? std::move(out_) : std::string();
  }

 private:
  void end_tag(char tag) { out_ += {'<', '/', tag, '>'}; }
  void new_line() {
    // A blank line would end the cue.
    if (out_.empty() || line_empty_) return;
    while (out_.back() == ' ') out_.pop_back();
    out_ += '\n';
    line_empty_ = true;
  }
  bool visible() const {
    bool inside = false;
    for (const char c : out_) {
      if (c == '<')
        inside = true;
      else if (c == '>')
        inside = false;
      else if (!inside && c != ' ' && c != '\n')
        return true;
    }
    return false;
  }

  std::string out_;
  std::vector<char> open_;
  bool line_empty_ = true;
  bool full_ = false;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// The name of the tag whose inside this is: "b" of "b.loud", "font" of "font color=red".
std::string tag_name(std::string_view inside) {
  if (inside.starts_with('/')) inside.remove_prefix(1);
  const auto end = inside.find_first_of(" .\t\n/");
  return lower(inside.substr(0, end));
}

bool looks_like_tag(std::string_view inside) {
  if (inside.starts_with('/')) inside.remove_prefix(1);
  return !inside.empty() && (std::isalpha(static_cast<unsigned char>(inside[0])) ||
                             std::isdigit(static_cast<unsigned char>(inside[0])) || inside[0] == '!');
}

bool is_entity(std::string_view text) {
  for (const auto* known : {"&amp;", "&lt;", "&gt;", "&nbsp;", "&lrm;", "&rlm;", "&quot;"})
    if (text.starts_with(known)) return true;
  return false;
}

// {\b1\i0\p1}: applies the tags it knows; returns whether drawing is on afterwards.
bool apply_overrides(std::string_view block, CueText& out, bool drawing) {
  for (std::size_t at = 0; (at = block.find('\\', at)) != std::string_view::npos;) {
    auto rest = block.substr(++at);
    const auto digit = [&](std::size_t i) {
      return rest.size() > i && std::isdigit(static_cast<unsigned char>(rest[i]));
    };
    if (rest.empty()) break;
    if (rest[0] == 'p' && digit(1)) drawing = rest[1] != '0';
    if ((rest[0] == 'b' || rest[0] == 'i' || rest[0] == 'u') && digit(1))
      rest[1] != '0' ? out.open(rest[0]) : out.close(rest[0]);
    if (rest[0] == 'r')
      for (const char tag : {'b', 'i', 'u'}) out.close(tag);
  }
  return drawing;
}

void append_code_point(std::string& out, char32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    tail(12), tail(6), tail(0);
  }
}

std::string from_utf16(std::string_view bytes, bool big) {
  std::string out;
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<unsigned char>(bytes[i]);
    const auto b = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<char32_t>(big ? a << 8 | b : b << 8 | a);
  };
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    auto c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < bytes.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000) {
      c = 0x10000 + ((c - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (c >= 0xD800 && c < 0xE000) {
      c = 0xFFFD;
    }
    append_code_point(out, c);
  }
  return out;
}

std::string from_windows1252(std::string_view bytes) {
  // 0x80 to 0x9F; everything else is Latin-1.
  static constexpr char16_t kHigh[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                         0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                         0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                         0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
  std::string out;
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    append_code_point(out, c >= 0x80 && c < 0xA0 ? kHigh[c - 0x80] : c);
  }
  return out;
}

// UTF-16 without a mark: text of mostly Latin letters has a zero in every other byte.
enum class Utf16 { no, little, big };
Utf16 guess_utf16(std::string_view bytes) {
  const auto sample = bytes.substr(0, 512);
  std::size_t even = 0;
  std::size_t odd = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) (i % 2 ? odd : even) += sample[i] == '\0';
  const auto many = sample.size() / 4;
  if (many == 0) return Utf16::no;
  return odd > many && even == 0 ? Utf16::little : even > many && odd == 0 ? Utf16::big : Utf16::no;
}

}  // namespace

std::string clean_tagged_text(std::string_view text, bool entities) {
  CueText out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const auto rest = text.substr(at);
    if (c == '<') {
      const auto end = rest.find('>');
      const auto inside = end == std::string_view::npos ? std::string_view{} : rest.substr(1, end - 1);
      if (looks_like_tag(inside)) {
        const auto name = tag_name(inside);
        if (name == "b" || name == "i" || name == "u") inside.starts_with('/') ? out.close(name[0]) : out.open(name[0]);
        at += end;
        if (name == "script" || name == "style") {
          const auto closing = lower(text.substr(at)).find("</" + name);
          at = closing == std::string::npos || inside.starts_with('/') ? at : at + closing - 1;
        }
        continue;
      }
    }
    if (c == '{' && rest.starts_with("{\\")) {  // SubRip files carry ASS positions such as {\an8}
      if (const auto end = rest.find('}'); end != std::string_view::npos) {
        at += end;
        continue;
      }
    }
    if (c == '&' && entities && is_entity(rest)) {
      const auto end = rest.find(';');
      out.put_escaped(rest.substr(0, end + 1));
      at += end;
      continue;
    }
    out.put(c);
  }
  return out.finish();
}

std::string clean_ass_text(std::string_view text) {
  CueText out;
  bool drawing = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto rest = text.substr(at);
    if (rest[0] == '{') {
      if (const auto end = rest.find('}'); end != std::string_view::npos) {
        drawing = apply_overrides(rest.substr(1, end - 1), out, drawing);
        at += end;
        continue;
      }
    }
    if (drawing) continue;
    if (rest[0] == '\\' && rest.size() > 1 && (rest[1] == 'N' || rest[1] == 'n' || rest[1] == 'h')) {
      if (rest[1] == 'h')
        out.put_escaped("&nbsp;");
      else
        out.put('\n');
      ++at;
      continue;
    }
    out.put(rest[0]);
  }
  return out.finish();
}

bool is_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    const std::size_t length = c < 0x80                ? 1
                               : c >= 0xC2 && c < 0xE0 ? 2
                               : c >= 0xE0 && c < 0xF0 ? 3
                               : c >= 0xF0 && c < 0xF5 ? 4
                                                       : 0;
    if (length == 0 || i + length > bytes.size()) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(bytes[i + k]) & 0xC0) != 0x80) return false;
    const auto second = length > 1 ? static_cast<unsigned char>(bytes[i + 1]) : 0;
    if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) ||
        (c == 0xF4 && second > 0x8F))
      return false;
    i += length;
  }
  return true;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  if (bytes.starts_with("\xEF\xBB\xBF"))
    text = is_utf8(bytes.substr(3)) ? std::string(bytes.substr(3)) : from_windows1252(bytes.substr(3));
  else if (bytes.starts_with("\xFF\xFE"))
    text = from_utf16(bytes.substr(2), false);
  else if (bytes.starts_with("\xFE\xFF"))
    text = from_utf16(bytes.substr(2), true);
  else if (const auto guess = guess_utf16(bytes); guess != Utf16::no)
    text = from_utf16(bytes, guess == Utf16::big);
  else
    text = is_utf8(bytes) ? std::string(bytes) : from_windows1252(bytes);

  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      out += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else if (text[i] != '\0') {
      out += text[i];
    }
  }
  return out;
}

}  // namespace vf::media::subtitles
