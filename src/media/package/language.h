// Names of languages: containers and people write ISO 639-1, 639-2 in two flavours and BCP 47;
// manifests want BCP 47 (RFC 5646) with the shortest code, `mdhd` wants ISO 639-2/T.
#pragma once

#include <string>
#include <string_view>

namespace vf::media {

// "en" for "eng", "de" for "ger" and "deu", "pt-BR" for "pt-br"; what is well-formed but unknown stays;
// "und" for nothing and for text that is no language tag at all.
std::string bcp47_language(std::string_view language);

// Three letters: "eng" for "en" and for "en-GB"; "und" where none is known.
std::string iso639_2_language(std::string_view language);

}  // namespace vf::media
