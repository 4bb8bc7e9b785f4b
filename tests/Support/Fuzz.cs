using System.Diagnostics;
using System.Globalization;

namespace Hud.Tests.Support;

/// <summary>
/// Runs a parser on damaged inputs for a bounded time (a second and a half; HUD_FUZZ_SECONDS makes it longer) and on twenty at least,
/// however slow the machine is; prints how many there were, and names the seed of one that throws or allocates without measure.
/// </summary>
internal static class Fuzz
{
    private const long MaxAllocation = 400L << 20;

    private const int MinInputs = 20;

    private static TimeSpan Time =>
        double.TryParse(
            Environment.GetEnvironmentVariable("HUD_FUZZ_SECONDS"),
            CultureInfo.InvariantCulture,
            out var seconds
        )
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.FromSeconds(1.5);

    public static void Run(string what, IReadOnlyList<byte[]> seeds, Action<byte[], Random> parse)
    {
        var first = int.TryParse(
            Environment.GetEnvironmentVariable("HUD_FUZZ_SEED"),
            CultureInfo.InvariantCulture,
            out var fixedSeed
        )
            ? fixedSeed
            : Random.Shared.Next(1 << 30);
        var clock = Stopwatch.StartNew();
        var inputs = 0;
        var slowest = TimeSpan.Zero;
        while (inputs < MinInputs || clock.Elapsed < Time)
        {
            var seed = first + inputs++;
            var random = new Random(seed);
            var input = Damage(seeds[random.Next(seeds.Count)], random);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var started = clock.Elapsed;
            try
            {
                parse(input, random);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                throw new InvalidOperationException($"{what}: seed {seed} (HUD_FUZZ_SEED): {e.Message}", e);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.True(allocated < MaxAllocation, $"{what}: seed {seed} allocated {allocated >> 20} MiB");
            var took = clock.Elapsed - started;
            slowest = took > slowest ? took : slowest;
        }

        TestContext.Current.SendDiagnosticMessage(
            "{0}: {1} inputs, slowest {2:F1} ms",
            what,
            inputs,
            slowest.TotalMilliseconds
        );
    }

    /// <summary>Flips bits, overwrites with ones, zeros or noise, cuts, repeats; sometimes nothing but noise.</summary>
    public static byte[] Damage(byte[] seed, Random random)
    {
        if (random.Next(50) == 0)
        {
            var noise = new byte[random.Next(300)];
            random.NextBytes(noise);
            return noise;
        }

        var bytes = (byte[])seed.Clone();
        for (var n = random.Next(1, 12); n > 0 && bytes.Length > 0; n--)
        {
            // headers are near the start: aim there half of the time
            var at = random.Next(2) == 0 ? random.Next(Math.Min(bytes.Length, 1024)) : random.Next(bytes.Length);
            var width = Math.Min(1 << random.Next(4), bytes.Length - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.AsSpan(at, width).Fill(0xff);
                    break;
                case 2:
                    bytes.AsSpan(at, width).Clear();
                    break;
                case 3:
                    random.NextBytes(bytes.AsSpan(at, width));
                    break;
                case 4:
                    bytes = bytes[..at];
                    break;
                default:
                    var from = random.Next(bytes.Length);
                    bytes
                        .AsSpan(from, Math.Min(Math.Min(64, bytes.Length - from), bytes.Length - at))
                        .ToArray()
                        .CopyTo(bytes, at);
                    break;
            }
        }

        return bytes;
    }
}
