// RFC 6381 codecs strings from the configuration record inside a sample entry.
#include <string>

#include <fmt/format.h>

#include "media/package/parse.h"
#include "media/package/sample_entry.h"

namespace vf::media {
namespace {

constexpr std::size_t kVisualEntryBytes = 78;
constexpr std::size_t kAudioEntryBytes = 28;

// AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3: profile, compatibility, level.
std::string avc(ByteView config) {
  if (config.size() < 4) return {};
  return fmt::format("avc1.{:02X}{:02X}{:02X}", config[1], config[2], config[3]);
}

// HEVCDecoderConfigurationRecord; the string is that of ISO/IEC 14496-15 annex E.3.
std::string hevc(ByteView config) {
  if (config.size() < 13) return {};
  ByteReader r(config.subspan(1));
  const auto profile = r.u8();
  const auto compatibility = r.u32();
  std::uint32_t reversed = 0;
  for (int bit = 0; bit < 32; ++bit) reversed |= (compatibility >> bit & 1) << (31 - bit);
  const char* const space[] = {"", "A", "B", "C"};
  auto constraints = r.number(6);
  std::string out = fmt::format("hvc1.{}{}.{:X}.{}{}", space[profile >> 6], profile & 31, reversed,
                                profile & 0x20 ? 'H' : 'L', r.u8());
  // Six bytes of constraint flags, trailing zero bytes left out.
  for (; constraints != 0; constraints = constraints << 8 & 0xffffffffffff)
    out += fmt::format(".{:X}", constraints >> 40);
  return out;
}

struct Colour {
  int primaries = 1;
  int transfer = 1;
  int matrix = 1;
  bool full_range = false;
  bool hdr() const { return transfer == 16 || transfer == 18; }  // PQ and HLG in ITU-T H.273
};

Colour colour_of(const std::vector<Box>& boxes) {
  const auto* box = find_box(boxes, fourcc("colr"));
  if (!box) return {};
  ByteReader r(box->body);
  if (r.u32() != fourcc("nclx")) return {};
  Colour out{r.u16(), r.u16(), r.u16(), (r.u8() & 0x80) != 0};
  return r.ok() ? out : Colour{};
}

// AV1CodecConfigurationRecord; AV1 in ISO BMFF section 5.
std::string av1(ByteView config, const Colour& colour) {
  if (config.size() < 4) return {};
  const int depth = config[2] & 0x40 ? (config[2] & 0x20 ? 12 : 10) : 8;
  std::string out =
      fmt::format("av01.{}.{:02}{}.{:02}", config[1] >> 5, config[1] & 31, config[2] & 0x80 ? 'H' : 'M', depth);
  if (!colour.hdr()) return out;
  // monochrome, subsampling x, subsampling y and sample position
  return out + fmt::format(".{}.{}{}{}.{:02}.{:02}.{:02}.{}", config[2] >> 4 & 1, config[2] >> 3 & 1,
                           config[2] >> 2 & 1, config[2] & 3, colour.primaries, colour.transfer, colour.matrix,
                           colour.full_range ? 1 : 0);
}

// VPCodecConfigurationRecord; VP Codec ISO Media File Format Binding.
std::string vp9(ByteView full_box, const Colour& colour) {
  if (full_box.size() < 10) return {};
  std::string out = fmt::format("vp09.{:02}.{:02}.{:02}", full_box[4], full_box[5], full_box[6] >> 4);
  if (!colour.hdr()) return out;
  return out + fmt::format(".{:02}.{:02}.{:02}.{:02}.{:02}", full_box[6] >> 1 & 7, colour.primaries, colour.transfer,
                           colour.matrix, colour.full_range ? 1 : 0);
}

// One descriptor's tag and its body's size (ISO/IEC 14496-1 8.3.3).
std::pair<std::uint8_t, std::uint32_t> descriptor(ByteReader& r) {
  const auto tag = r.u8();
  std::uint32_t size = 0;
  for (int i = 0; i < 4; ++i) {
    const auto byte = r.u8();
    size = size << 7 | (byte & 127);
    if (!(byte & 128)) break;
  }
  return {tag, size};
}

// ES_Descriptor > DecoderConfigDescriptor > AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1).
std::string mp4a(ByteView full_box) {
  ByteReader r(full_box);
  r.skip(4);
  if (descriptor(r).first != 3) return {};
  r.skip(2);
  const auto flags = r.u8();
  if (flags & 0x80) r.skip(2);
  if (flags & 0x40) r.skip(r.u8());
  if (flags & 0x20) r.skip(2);
  if (descriptor(r).first != 4) return {};
  const auto object_type = r.u8();
  r.skip(12);
  if (object_type != 0x40) return r.ok() ? fmt::format("mp4a.{:02X}", object_type) : "";
  if (descriptor(r).first != 5) return {};
  const auto config = r.u16();
  int kind = config >> 11;
  if (kind == 31) kind = 32 + (config >> 5 & 63);
  return r.ok() ? fmt::format("mp4a.40.{}", kind) : "";
}

}  // namespace

std::string codecs_string(std::string_view entry) {
  const auto top = read_boxes(as_bytes(entry));
  if (!top || top->size() != 1) return {};
  const auto& box = top->front();
  // Encrypted entries name what they were.
  const bool audio = box.type == fourcc("mp4a") || box.type == fourcc("Opus") || box.type == fourcc("ac-3") ||
                     box.type == fourcc("ec-3") || box.type == fourcc("enca");
  const auto fixed = audio ? kAudioEntryBytes : kVisualEntryBytes;
  if (box.body.size() < fixed) return {};
  const auto inside = read_boxes(box.body.subspan(fixed));
  if (!inside) return {};
  for (const auto& inner : *inside) {
    switch (inner.type) {
      case fourcc("avcC"):
        return avc(inner.body);
      case fourcc("hvcC"):
        return hevc(inner.body);
      case fourcc("av1C"):
        return av1(inner.body, colour_of(*inside));
      case fourcc("vpcC"):
        return vp9(inner.body, colour_of(*inside));
      case fourcc("esds"):
        return mp4a(inner.body);
      case fourcc("dOps"):
        return "opus";
      case fourcc("dac3"):
        return "ac-3";
      case fourcc("dec3"):
        return "ec-3";
      default:
        break;
    }
  }
  return {};
}

}  // namespace vf::media
