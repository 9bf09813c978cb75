#include "media/package/language.h"

#include <algorithm>
#include <cctype>

namespace vf::media {
namespace {

// ISO 639-1 and its ISO 639-2/T code, five letters an entry.
constexpr std::string_view kCodes =
    "aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bibis bmbam bnben "
    "bobod brbre bsbos cacat ceche chcha cocos crcre csces cuchu cvchv cycym dadan dedeu dvdiv dzdzo eeewe elell "
    "eneng eoepo esspa etest eueus fafas ffful fifin fjfij fofao frfra fyfry gagle gdgla glglg gngrn guguj gvglv "
    "hahau hehbr hihin hohmo hrhrv hthat huhun hyhye hzher iaina idind ieile igibo iiiii ikipk ioido isisl itita "
    "iuiku jajpn jvjav kakat kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor kykir "
    "lalat lbltz lglug lilim lnlin lolao ltlit lulub lvlav mgmlg mhmah mimri mkmkd mlmal mnmon mrmar msmsa mtmlt "
    "mymya nanau nbnob ndnde nenep ngndo nlnld nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs papan "
    "pipli plpol pspus ptpor quque rmroh rnrun roron rurus rwkin sasan scsrd sdsnd sesme sgsag sisin skslk slslv "
    "smsmo snsna sosom sqsqi srsrp ssssw stsot susun svswe swswa tatam tetel tgtgk ththa titir tktuk tltgl tntsn "
    "toton trtur tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven vivie vovol wawln wowol xhxho yiyid yoyor "
    "zazha zhzho zuzul ";

// ISO 639-2/B where it differs from /T.
constexpr std::string_view kBibliographic =
    "albsqi armhye baqeus burmya chizho czeces dutnld frefra geokat gerdeu greell iceisl macmkd maomri maymsa perfas "
    "rumron sloslk tibbod welcym ";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// The text behind or before `key` in a table of fixed-width entries; empty when it is not there.
std::string_view look_up(std::string_view table, std::size_t width, std::size_t key_at, std::size_t value_at,
                         std::size_t value_size, std::string_view key) {
  for (std::size_t i = 0; i + width <= table.size(); i += width + 1) {
    const auto entry = table.substr(i, width);
    if (entry.substr(key_at, key.size()) == key) return entry.substr(value_at, value_size);
  }
  return {};
}

bool well_formed(std::string_view tag) {
  if (tag.size() < 2 || tag.size() > 35) return false;
  std::size_t part = 0;
  for (const unsigned char c : tag) {
    if (c == '-') {
      if (part == 0) return false;
      part = 0;
    } else if (c > 127 || !std::isalnum(c) || ++part > 8) {
      return false;
    }
  }
  const auto primary = tag.find('-');
  const auto size = primary == std::string_view::npos ? tag.size() : primary;
  return part > 0 && (size == 2 || size == 3) &&
         std::all_of(tag.begin(), tag.begin() + static_cast<std::ptrdiff_t>(size),
                     [](unsigned char c) { return std::isalpha(c); });
}

std::string to_terminological(std::string_view code) {
  const auto found = look_up(kBibliographic, 6, 0, 3, 3, code);
  return std::string(found.empty() ? code : found);
}

}  // namespace

std::string bcp47_language(std::string_view language) {
  std::string tag(language);
  std::ranges::replace(tag, '_', '-');
  if (!well_formed(tag)) return "und";
  const auto dash = tag.find('-');
  auto primary = lower(tag.substr(0, dash));
  if (primary.size() == 3) {
    primary = to_terminological(primary);
    const auto shorter = look_up(kCodes, 5, 2, 0, 2, primary);
    if (!shorter.empty()) primary = shorter;
  }
  std::string rest = dash == std::string::npos ? "" : lower(tag.substr(dash));
  // Regions of two letters are written in capitals by convention (RFC 5646 2.1.1).
  if (rest.size() == 3)
    std::ranges::transform(rest, rest.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return primary + rest;
}

std::string iso639_2_language(std::string_view language) {
  const auto tag = bcp47_language(language);
  const auto primary = tag.substr(0, tag.find('-'));
  if (primary.size() == 3) return primary;
  const auto found = look_up(kCodes, 5, 0, 2, 3, primary);
  return found.empty() ? "und" : std::string(found);
}

}  // namespace vf::media
