// Every codec library and filter that stages use does its work inside the sandbox, with threads.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/sha256.h"
#include "media/av/ptr.h"
#include "media/sandbox/planted.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/opt.h>
}

namespace planted {
namespace {

using namespace vf::media::av;

constexpr int kWidth = 320;
constexpr int kHeight = 192;
constexpr int kFrames = 24;

struct Encoded {
  std::vector<PacketPtr> packets;
  std::unique_ptr<AVCodecParameters, FreeByAddress<avcodec_parameters_free>> parameters{avcodec_parameters_alloc()};
};

FramePtr picture(int index) {
  auto frame = make_frame();
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = kWidth;
  frame->height = kHeight;
  if (av_frame_get_buffer(frame.get(), 0) < 0) return nullptr;
  for (int plane = 0; plane < 3; ++plane)
    for (int y = 0; y < (plane == 0 ? kHeight : kHeight / 2); ++y)
      for (int x = 0; x < (plane == 0 ? kWidth : kWidth / 2); ++x)
        frame->data[plane][y * frame->linesize[plane] + x] =
            static_cast<std::uint8_t>(x + y * 3 + index * 5 + plane * 40);
  frame->pts = index;
  return frame;
}

FramePtr sound(const AVCodecContext* codec, int index) {
  auto frame = make_frame();
  frame->format = codec->sample_fmt;
  frame->nb_samples = codec->frame_size;
  frame->sample_rate = codec->sample_rate;
  if (av_channel_layout_copy(&frame->ch_layout, &codec->ch_layout) < 0 || av_frame_get_buffer(frame.get(), 0) < 0)
    return nullptr;
  av_samples_set_silence(frame->extended_data, 0, frame->nb_samples, frame->ch_layout.nb_channels, codec->sample_fmt);
  frame->pts = static_cast<std::int64_t>(index) * frame->nb_samples;
  return frame;
}

bool drain(AVCodecContext* codec, Encoded& out) {
  while (true) {
    auto packet = make_packet();
    const int rc = avcodec_receive_packet(codec, packet.get());
    if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) return true;
    if (rc < 0) return false;
    out.packets.push_back(std::move(packet));
  }
}

CodecPtr open_encoder(const std::string& name) {
  const auto* codec = avcodec_find_encoder_by_name(name.c_str());
  CodecPtr context(codec ? avcodec_alloc_context3(codec) : nullptr);
  if (!context) return nullptr;
  AVDictionary* options = nullptr;
  if (codec->type == AVMEDIA_TYPE_VIDEO) {
    context->width = kWidth;
    context->height = kHeight;
    context->pix_fmt = AV_PIX_FMT_YUV420P;
    context->time_base = {1, 24};
    context->framerate = {24, 1};
    context->thread_count = 4;
    context->bit_rate = 300'000;
    if (name == "mjpeg") {
      context->color_range = AVCOL_RANGE_JPEG;
      context->thread_type = FF_THREAD_SLICE;
    }
    av_dict_set(&options, "preset", name == "libsvtav1" ? "12" : "ultrafast", 0);
    av_dict_set(&options, "cpu-used", "8", 0);
  } else {
    context->sample_fmt = codec->sample_fmts[0];
    context->sample_rate = 48'000;
    context->time_base = {1, 48'000};
    context->bit_rate = 96'000;
    av_channel_layout_default(&context->ch_layout, 2);
  }
  const int rc = avcodec_open2(context.get(), codec, &options);
  av_dict_free(&options);
  return rc < 0 ? nullptr : std::move(context);
}

bool encode(const std::string& name, Encoded& out) {
  const auto codec = open_encoder(name);
  if (!codec || avcodec_parameters_from_context(out.parameters.get(), codec.get()) < 0) return false;
  for (int i = 0; i < kFrames; ++i) {
    const auto frame = codec->codec_type == AVMEDIA_TYPE_VIDEO ? picture(i) : sound(codec.get(), i);
    if (!frame || avcodec_send_frame(codec.get(), frame.get()) < 0 || !drain(codec.get(), out)) return false;
  }
  return avcodec_send_frame(codec.get(), nullptr) >= 0 && drain(codec.get(), out);
}

int decode(const std::string& name, const Encoded& in) {
  const auto* codec = avcodec_find_decoder_by_name(name.c_str());
  const CodecPtr context(codec ? avcodec_alloc_context3(codec) : nullptr);
  if (!context || avcodec_parameters_to_context(context.get(), in.parameters.get()) < 0) return -1;
  context->thread_count = 4;
  if (avcodec_open2(context.get(), codec, nullptr) < 0) return -2;
  int frames = 0;
  const auto frame = make_frame();
  const auto receive = [&] {
    while (avcodec_receive_frame(context.get(), frame.get()) >= 0) ++frames;
  };
  for (const auto& packet : in.packets) {
    while (avcodec_send_packet(context.get(), packet.get()) == AVERROR(EAGAIN)) receive();
    receive();
  }
  avcodec_send_packet(context.get(), nullptr);
  receive();
  return frames;
}

// "ENCODER DECODER": says how many packets were made and how many frames came back.
int codec(const Call& call) {
  const auto space = call.argument.find(' ');
  Encoded encoded;
  if (!encode(call.argument.substr(0, space), encoded)) return 1;
  const int frames = decode(call.argument.substr(space + 1), encoded);
  call.say(fmt::format("packets {} frames {}", encoded.packets.size(), frames));
  return 0;
}

// A filter description over the test picture: says the size that comes out.
int filter(const Call& call) {
  const FilterGraphPtr graph(avfilter_graph_alloc());
  graph->nb_threads = 4;
  AVFilterContext* source = nullptr;
  AVFilterContext* sink = nullptr;
  const auto arguments = fmt::format("video_size={}x{}:pix_fmt={}:time_base=1/24:pixel_aspect=1/1", kWidth, kHeight,
                                     static_cast<int>(AV_PIX_FMT_YUV420P));
  if (avfilter_graph_create_filter(&source, avfilter_get_by_name("buffer"), "in", arguments.c_str(), nullptr,
                                   graph.get()) < 0)
    return 1;
  if (avfilter_graph_create_filter(&sink, avfilter_get_by_name("buffersink"), "out", nullptr, nullptr, graph.get()) < 0)
    return 2;
  auto* outputs = avfilter_inout_alloc();
  auto* inputs = avfilter_inout_alloc();
  *outputs = {av_strdup("in"), source, 0, nullptr};
  *inputs = {av_strdup("out"), sink, 0, nullptr};
  const int parsed = avfilter_graph_parse_ptr(graph.get(), call.argument.c_str(), &inputs, &outputs, nullptr);
  avfilter_inout_free(&inputs);
  avfilter_inout_free(&outputs);
  if (parsed < 0 || avfilter_graph_config(graph.get(), nullptr) < 0) return 3;
  const auto out = make_frame();
  for (int i = 0; i < 4; ++i) {
    if (av_buffersrc_add_frame(source, picture(i).get()) < 0) return 4;
  }
  if (av_buffersink_get_frame(sink, out.get()) < 0) return 5;
  call.say(fmt::format("{}x{}", out->width, out->height));
  return 0;
}

// SHA-256 and AES by OpenSSL, which reads its configuration file before its first work: too late here.
int crypto(const Call& call) {
  call.say(vf::sha256_hex("abc"));
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher(EVP_CIPHER_CTX_new(),
                                                                               &EVP_CIPHER_CTX_free);
  const unsigned char key[16] = {};
  unsigned char block[32] = {};
  int bytes = 0;
  if (EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_cbc(), nullptr, key, key) != 1) return 1;
  if (EVP_EncryptUpdate(cipher.get(), block, &bytes, key, 16) != 1) return 2;
  call.say(fmt::format("{} {:02x}{:02x}", bytes, block[0], block[1]));
  return RAND_bytes(block, 16) == 1 ? 0 : 3;
}

constexpr Entry kEntries[] = {{"codec", codec}, {"filter", filter}, {"crypto", crypto}};

struct Pair {
  const char* encoder;
  const char* decoder;
};

class Codecs : public testing::TestWithParam<Pair> {};

TEST_P(Codecs, EncodesAndDecodesInTheSandbox) {
  if (!avcodec_find_encoder_by_name(GetParam().encoder) || !avcodec_find_decoder_by_name(GetParam().decoder))
    GTEST_SKIP() << "this libav has no " << GetParam().encoder << " or " << GetParam().decoder;
  auto limits = small_limits();
  limits.memory_bytes = std::int64_t{2} << 30;
  const auto out = run(fmt::format("codec {} {}", GetParam().encoder, GetParam().decoder), limits);
  EXPECT_TRUE(out.exit.clean()) << out.exit.code_or_signal << "\n" << out.exit.stderr_tail;
  ASSERT_EQ(out.lines.size(), 1U) << out.exit.stderr_tail;
  int packets = 0;
  int frames = 0;
  ASSERT_EQ(std::sscanf(out.lines[0].c_str(), "packets %d frames %d", &packets, &frames), 2);
  EXPECT_GE(packets, kFrames);
  EXPECT_GE(frames, kFrames - 1) << out.exit.stderr_tail;  // sound: priming may take one
}

INSTANTIATE_TEST_SUITE_P(All, Codecs,
                         testing::Values(Pair{"libx264", "h264"}, Pair{"libx265", "hevc"},
                                         Pair{"libsvtav1", "libdav1d"}, Pair{"libaom-av1", "libdav1d"},
                                         Pair{"libvpx-vp9", "vp9"}, Pair{"libvpx", "vp8"},
                                         Pair{"mpeg2video", "mpeg2video"}, Pair{"mjpeg", "mjpeg"}, Pair{"ffv1", "ffv1"},
                                         Pair{"aac", "aac"}, Pair{"libopus", "opus"}, Pair{"flac", "flac"}),
                         [](const auto& info) {
                           std::string name = info.param.encoder;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Filters, WorkInTheSandbox) {
  for (const auto* chain :
       {"scale=160:96:flags=bicubic", "zscale=w=160:h=96", "bwdif,scale=160:96", "transpose=1,transpose=2,scale=160:96",
        "format=yuv420p10le,scale=160:96,format=gbrpf32le,tonemap=hable"}) {
    const auto out = run(std::string("filter ") + chain);
    EXPECT_TRUE(out.exit.clean()) << chain << ": " << out.exit.code_or_signal << "\n" << out.exit.stderr_tail;
    EXPECT_THAT(out.lines, testing::ElementsAre("160x96")) << chain;
  }
}

TEST(Crypto, WorksInTheSandbox) {
  const auto out = run("crypto");
  EXPECT_TRUE(out.exit.clean()) << out.exit.code_or_signal << "\n" << out.exit.stderr_tail;
  // FIPS 180-4 "abc"; AES-128 of a zero block under a zero key (FIPS 197's zero vector).
  EXPECT_THAT(out.lines,
              testing::ElementsAre("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "16 66e9"));
}

}  // namespace

std::span<const Entry> entries() { return kEntries; }

}  // namespace planted

int main(int argc, char** argv) { return planted::test_main(argc, argv); }
