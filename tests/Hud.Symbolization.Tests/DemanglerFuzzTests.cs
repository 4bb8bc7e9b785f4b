using System.Diagnostics;

namespace Hud.Symbolization.Tests;

/// <summary>Any text gives a bounded answer and no exception. Longer with HUD_FUZZ_SECONDS.</summary>
public class DemanglerFuzzTests
{
    private const int Inputs = 200_000;

    private static readonly string[] Seeds =
    [
        "_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std",
        "_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_4iter8iterator8Iterator9rpositionNCNgNpB9_6memchr7memrchrs_0E0Bb_",
        "_RIC1aFG0_RL1_hRL0_tEuKVNtC1a1PS1xh1_s_1yRe62_EKRe616263_WmORm1_m2_Rm5_m6_EE",
        "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
        "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE.llvm.123",
        "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_appendEPKcm",
        "_ZZ3fooiENKUliE_clEi",
    ];

    [Fact]
    public void Broken_and_invented_symbols_give_bounded_answers()
    {
        var seconds = double.TryParse(Environment.GetEnvironmentVariable("HUD_FUZZ_SECONDS"), out var s) ? s : 0;
        var random = new Random(11);
        var watch = Stopwatch.StartNew();
        long tried = 0;
        for (; tried < Inputs || watch.Elapsed.TotalSeconds < seconds; tried++)
        {
            var symbol = (tried & 1) == 0 ? Mutated(random) : Invented(random);
            foreach (var style in (ReadOnlySpan<RustStyle>)[RustStyle.Short, RustStyle.Full])
            {
                if (RustDemangler.TryDemangle(symbol, style, out var name))
                {
                    Assert.InRange(name.Length, 0, DemangleLimits.MaxOutput + DemangleLimits.Cut.Length);
                }
            }

            Assert.NotNull(Demangler.Demangle(symbol));
        }

        TestContext.Current.SendDiagnosticMessage($"{tried} symbols tried");
    }

    private static string Mutated(Random random)
    {
        var chars = Seeds[random.Next(Seeds.Length)].ToList();
        for (var i = random.Next(1, 6); i > 0 && chars.Count > 3; i--)
        {
            var at = random.Next(2, chars.Count);
            switch (random.Next(4))
            {
                case 0:
                    chars.RemoveAt(at);
                    break;
                case 1:
                    chars.Insert(at, chars[random.Next(chars.Count)]);
                    break;
                case 2:
                    chars[at] = (char)random.Next(1, 0x3000);
                    break;
                default:
                    chars[at] = chars[random.Next(chars.Count)];
                    break;
            }
        }

        return new string([.. chars]);
    }

    /// <summary>From the grammar's own letters, so that a good part gets deep.</summary>
    private static string Invented(Random random)
    {
        const string Letters = "CNMXYIBTASRQPOFDGKLEUVWpnhjuez_0123456789asbc$.t";
        var chars = new char[random.Next(3, 120)];
        for (var i = 0; i < chars.Length; i++)
        {
            chars[i] = Letters[random.Next(Letters.Length)];
        }

        var start = random.Next(4) switch
        {
            0 => "_ZN",
            1 => "_Z",
            2 => "_RIC1a",
            _ => "_RNv",
        };
        return start + new string(chars) + (random.Next(2) == 0 ? "E" : "");
    }
}
