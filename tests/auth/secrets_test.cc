// Passwords, one-time passwords, signed links and sealed secrets.
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/crypto.h"
#include "auth/password.h"
#include "auth/password_policy.h"
#include "auth/secret_box.h"
#include "auth/signed_link.h"
#include "auth/totp.h"
#include "support/temp_folder.h"

namespace vf::auth {
namespace {

using testing::HasSubstr;

constexpr PasswordCost kCheap{.passes = 1, .memory = 8192};

TEST(Encoding, Base64urlIsStrict) {
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
  for (const auto* wrong : {"-_8=", "+/8", "-_9", "A", "AA A", "AA\n"}) EXPECT_FALSE(from_base64url(wrong)) << wrong;
  EXPECT_EQ(base32("12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  EXPECT_EQ(base32("f"), "MY");
}

TEST(Encoding, HmacOfRfc4231Case2) {
  EXPECT_EQ(base64url(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("abc", "ab"));
}

TEST(Password, OnlyTheRightOneIsRight) {
  const auto hasher = *PasswordHasher::create(kCheap);
  const auto stored = *hasher->hash("correct horse");
  EXPECT_THAT(stored, HasSubstr("$argon2id$"));
  EXPECT_NE(stored, *hasher->hash("correct horse")) << "each hash has a salt of its own";
  EXPECT_TRUE(*hasher->verify(stored, "correct horse"));
  EXPECT_FALSE(*hasher->verify(stored, "correct horsf"));
  EXPECT_FALSE(*hasher->verify(stored, ""));
  EXPECT_FALSE(*hasher->verify("", "correct horse")) << "nobody has no password";
  EXPECT_FALSE(*hasher->verify("garbage", "correct horse"));
}

TEST(Password, TheDefaultCostsNineteenMebibytesAndTwoPasses) {
  const auto hasher = *PasswordHasher::create();
  const auto stored = *hasher->hash("x");
  EXPECT_THAT(stored, HasSubstr("m=19456,t=2,p=1"));
  EXPECT_FALSE(hasher->is_outdated(stored));
  EXPECT_TRUE((*PasswordHasher::create(kCheap))->is_outdated(stored));
}

TEST(Password, AnUnknownUserCostsTheSameHash) {
  const auto hasher = *PasswordHasher::create();
  const auto stored = *hasher->hash("x");
  const auto seconds = [&](const std::string& of) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(*hasher->verify(of, "y"));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  seconds(stored);
  EXPECT_GT(seconds(""), seconds(stored) / 5) << "an unknown name is answered without a hash";
}

TEST(Password, ManyWaitTheirTurnAndTooManyAreTurnedAway) {
  const auto hasher = *PasswordHasher::create({.passes = 1, .memory = 8 << 20, .at_once = 1, .waiting = 1});
  const auto stored = *hasher->hash("x");
  std::atomic<int> right = 0, refused = 0;
  {
    std::vector<std::jthread> people;
    for (int i = 0; i < 12; ++i)
      people.emplace_back([&] {
        const auto answer = hasher->verify(stored, "x");
        if (answer && *answer) ++right;
        if (!answer && answer.error().code == ErrorCode::unavailable) ++refused;
      });
  }
  EXPECT_EQ(right + refused, 12);
  EXPECT_GE(right, 1);
  EXPECT_TRUE(*hasher->verify(stored, "x")) << "places are given back";
}

TEST(PasswordPolicy, RefusesWhatIsGuessedFirstAndSaysWhy) {
  const auto why = [](std::string_view password, std::string_view name = "marie") {
    const auto checked = check_password({}, password, name);
    return checked ? "" : checked.error().message;
  };
  for (const auto* weak :
       {"password123", "P@ssw0rd2024!", "Pa$$w0rd!!11", "iloveyou1234", "letmein!!!!!", "sunshine2025", "monkeymonkey",
        "1234567890", "qwertyuiop", "Qwertyuiop1!", "aaaaaaaaaaaa", "abcdefghijkl", "0987654321", "mariemarie",
        "MARIE-2024", "marie.1234", "VideoForge!1", "correcthorsebatterystaple", "Welcome12345",
        // Walks over the keyboard, and what is common as a whole, twice, or dressed differently each time.
        "1q2w3e4r5t", "q1w2e3r4t5", "qazwsxedcrfv", "1qazxsw23edc", "zaq12wsxcde3", "qwe123qwe123", "1qaz!QAZ2wsx",
        "Passw0rd!Passw0rd!", "!QAZ2wsx#EDC", "poiuytrewq", "qwertzuiop", "a1b2c3d4e5!", "Dragon1!Dr4gon",
        "abc123abc123", "monkeymonkeymonkey", "L3tm3in!L3tm3in!"})
    EXPECT_NE(why(weak), "") << weak;
  EXPECT_THAT(why("short"), HasSubstr("10 characters"));
  EXPECT_THAT(why(std::string(1025, 'x')), HasSubstr("1024"));
  EXPECT_NE(why(std::string("good enough\0 here", 17)), "");
  for (const auto* good : {"violet otter parade", "k7#Qz!m2pLw9", "gehwegplatten im regen", "ночной экспресс 17",
                           "thepasswordofmarcusaurelius", "sweet water trees", "dessert, please: fresh",
                           "Tr33s were red again", "ghjk tomorrow lamp", "seven grey lanterns", "winter dragon lamp"})
    EXPECT_EQ(why(good), "") << good;
  // Ten characters, as people count them.
  EXPECT_EQ(why("äöüßéèêñçå"), "");
  EXPECT_NE(why("äöüßéèêñç"), "");
}

TEST(PasswordPolicy, ClassesOfCharactersWhereTheOperatorAsksForThem) {
  EXPECT_FALSE(check_password({.least_classes = 3}, "violet otter parade", ""));
  EXPECT_TRUE(check_password({.least_classes = 3}, "Violet otter parade", ""));
  EXPECT_TRUE(check_password({.least_classes = 4}, "Violet otter parade 7", ""));
}

TEST(Totp, Rfc6238) {
  const std::pair<std::int64_t, const char*> table[] = {{59, "94287082"},         {1111111109, "07081804"},
                                                        {1111111111, "14050471"}, {1234567890, "89005924"},
                                                        {2000000000, "69279037"}, {20000000000, "65353130"}};
  for (const auto& [time, code] : table) EXPECT_EQ(*totp_code("12345678901234567890", time, 8), code);
}

TEST(Totp, ACodeIsGoodOnceAndForAMinuteOrSo) {
  const auto secret = new_totp_secret();
  constexpr std::int64_t now = 1'800'000'000;
  const auto code = *totp_code(secret, now);
  const auto at = [&](std::int64_t time, std::int64_t last) { return *totp_step(secret, code, time, last); };
  EXPECT_EQ(at(now, 0), now / 30);
  EXPECT_TRUE(at(now + 30, 0));
  EXPECT_TRUE(at(now - 30, 0));
  EXPECT_FALSE(at(now + 60, 0));
  EXPECT_FALSE(at(now - 60, 0));
  EXPECT_FALSE(at(now, now / 30)) << "used before";
  EXPECT_FALSE(*totp_step(secret, "", now, 0));
  EXPECT_THAT(totp_uri("f", "Video Forge", "a:b"),
              "otpauth://totp/Video%20Forge:a%3Ab?secret=MY&issuer=Video%20Forge&algorithm=SHA1&digits=6&period=30");
}

TEST(Totp, RecoveryCodesAreRecognisedAsPeopleTypeThem) {
  const auto codes = new_recovery_codes();
  EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), 10u);
  for (const auto& code : codes) EXPECT_THAT(code, testing::MatchesRegex("[a-z2-7]{5}-[a-z2-7]{5}"));
  EXPECT_EQ(recovery_hash("abcde-fghij"), recovery_hash(" ABCDE FGHIJ "));
  EXPECT_NE(recovery_hash("abcde-fghij"), recovery_hash("abcde-fghik"));
}

TEST(SignedLink, OpensItsVideoForItsPurposeUntilItsEnd) {
  const LinkSigner signer(random_bytes(32));
  const auto token = signer.sign(LinkPurpose::playback, "v1", "salt", 10'500);
  EXPECT_THAT(token, testing::MatchesRegex("[A-Za-z0-9_-]{30}"));
  EXPECT_TRUE(signer.check(token, LinkPurpose::playback, "v1", "salt", 10'999));
  EXPECT_FALSE(signer.check(token, LinkPurpose::playback, "v1", "salt", 11'000)) << "over";
  EXPECT_FALSE(signer.check(token, LinkPurpose::download, "v1", "salt", 0));
  EXPECT_FALSE(signer.check(token, LinkPurpose::playback, "v2", "salt", 0));
  EXPECT_FALSE(signer.check(token, LinkPurpose::playback, "v1", "new salt", 0)) << "revoked";
  EXPECT_FALSE(LinkSigner(random_bytes(32)).check(token, LinkPurpose::playback, "v1", "salt", 0));
  // The border between video and salt cannot be moved.
  EXPECT_FALSE(
      signer.check(signer.sign(LinkPurpose::playback, "ab", "c", 10'000), LinkPurpose::playback, "a", "bc", 0));
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(signer.check(changed, LinkPurpose::playback, "v1", "salt", 0)) << i;
  }
  for (const auto* wrong : {"", "x", "../../etc/passwd", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
    EXPECT_FALSE(signer.check(wrong, LinkPurpose::playback, "v1", "salt", 0));
}

TEST(SecretBox, OpensOnlyWhatItSealedForThatContext) {
  const test::TempFolder folder;
  const auto box = *SecretBox::open(folder / "secret.key");
  const auto sealed = box.seal("swordfish", "totp of u1");
  EXPECT_THAT(sealed, testing::Not(HasSubstr("swordfish")));
  EXPECT_NE(sealed, box.seal("swordfish", "totp of u1"));
  EXPECT_EQ(*box.unseal(sealed, "totp of u1"), "swordfish");
  EXPECT_FALSE(box.unseal(sealed, "totp of u2"));
  EXPECT_FALSE(box.unseal(sealed.substr(0, sealed.size() - 4), "totp of u1"));
  EXPECT_FALSE(box.unseal("", "totp of u1"));
  EXPECT_FALSE(SecretBox::open(folder / "other.key")->unseal(sealed, "totp of u1"));
  EXPECT_EQ(*SecretBox::open(folder / "secret.key")->unseal(sealed, "totp of u1"), "swordfish") << "a new start";
}

TEST(SecretBox, RotationKeepsTheOldOpenAndSealsWithTheNew) {
  const test::TempFolder folder;
  const auto file = folder / "secret.key";
  const auto old = SecretBox::open(file)->seal("swordfish", "c");
  ASSERT_TRUE(SecretBox::rotate(file));
  const auto box = *SecretBox::open(file);
  EXPECT_EQ(*box.unseal(old, "c"), "swordfish");
  EXPECT_FALSE(box.is_current(old));
  EXPECT_TRUE(box.is_current(box.seal("swordfish", "c")));
}

TEST(SecretBox, TheKeyFileIsTheOwnersAlone) {
  const test::TempFolder folder;
  const auto file = folder / "secret.key";
  ASSERT_TRUE(SecretBox::open(file));
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_TRUE(SecretBox::rotate(file));
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ::chmod(file.c_str(), 0640);
  EXPECT_THAT(SecretBox::open(file).error().message, HasSubstr("chmod 600"));
  EXPECT_FALSE(SecretBox::from_text("a key\n"));
  EXPECT_FALSE(SecretBox::from_text(""));
}

TEST(SecretBox, AKeyMayBeSixtyFourHexadecimalDigits) {
  const std::string digits(64, 'a');
  const auto box = SecretBox::from_text(digits);
  ASSERT_TRUE(box) << box.error().message;
  const auto again = SecretBox::from_text(digits + "\n");
  EXPECT_EQ(again->unseal(box->seal("x", "c"), "c").value_or(""), "x");
  const auto newer = SecretBox::from_text(std::string(64, 'b') + "\n" + digits);
  EXPECT_EQ(newer->unseal(box->seal("x", "c"), "c").value_or(""), "x") << "an older key below the new one still opens";
  EXPECT_FALSE(SecretBox::from_text(digits.substr(1)));
}

TEST(SecretBox, ManyThatStartAtOnceShareOneKey) {
  const test::TempFolder folder;
  std::vector<std::string> sealed(8);
  {
    std::vector<std::jthread> starters;
    for (auto& text : sealed)
      starters.emplace_back([&] {
        if (auto box = SecretBox::open(folder / "k")) text = box->seal("x", "c");
      });
  }
  const auto box = *SecretBox::open(folder / "k");
  for (const auto& text : sealed) EXPECT_TRUE(box.unseal(text, "c"));
}

}  // namespace
}  // namespace vf::auth
