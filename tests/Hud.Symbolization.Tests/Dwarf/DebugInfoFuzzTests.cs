using System.Diagnostics;
using System.Runtime.InteropServices;
using Hud.Elf;
using Hud.Tests.Support;

namespace Hud.Symbolization.Tests;

/// <summary>Damaged debug information and damaged answers about it. Longer with HUD_FUZZ_SECONDS.</summary>
public sealed class DebugInfoFuzzTests
{
    /// <summary>Broken files tried at least; each costs a question to the helper.</summary>
    private const int Inputs = 60;

    [Fact]
    public void Files_damaged_at_random_are_answered()
    {
        var seconds = double.TryParse(Environment.GetEnvironmentVariable("HUD_FUZZ_SECONDS"), out var s) ? s : 0;
        var watch = Stopwatch.StartNew();
        var random = new Random(20);
        var path = Programs.TempFile("damaged");
        string[] programs = [Programs.CFive, Programs.CFour, Programs.RustFive];
        var tried = 0;
        var died = 0;
        // each file stays open for as long as its symbolizer is there
        var symbolizer = Start();
        for (; tried < Inputs || watch.Elapsed.TotalSeconds < seconds; tried++)
        {
            if (tried % 500 == 499)
            {
                symbolizer.Dispose();
                symbolizer = Start();
            }

            var bytes = File.ReadAllBytes(programs[tried % programs.Length]);
            var original = HostileFilesTests.Module(programs[tried % programs.Length], out var first);
            ulong[] addresses;
            using (first)
            {
                addresses =
                [
                    .. original
                        .Elf!.Functions.Functions.ToArray()
                        .Where(f => f.Size > 0)
                        .Take(200)
                        .Select(f => f.Address),
                ];
                Damage(bytes, original.Elf, random);
            }

            File.WriteAllBytes(path, [.. bytes, .. new byte[tried % 10_000]]); // another length: never answered from the cache
            if (!FileByteSource.TryOpen(path, out var source, out _))
            {
                continue;
            }

            using (source)
            {
                _ = ElfFile.TryOpen(source, out var elf, out _);
                var failures = symbolizer.HelperFailures;
                var answers = symbolizer.Resolve(new ModuleRef(path, path, elf), addresses);
                Assert.Equal(addresses.Length, answers.Length);
                Assert.All(answers, a => Assert.NotEmpty(a));
                died += symbolizer.HelperFailures > failures ? 1 : 0;
            }
        }

        symbolizer.Dispose();
        TestContext.Current.SendDiagnosticMessage($"{tried} damaged files, the helper died or was stopped on {died}");
    }

    private static Symbolizer Start() =>
        new(new SymbolizerOptions { MaxFailures = int.MaxValue, Timeout = TimeSpan.FromSeconds(10) }, Helper.Start);

    [Fact]
    public void Damaged_line_tables_never_throw_and_always_end()
    {
        string[] programs = [Programs.CFive, Programs.CFour, Programs.RustFive];
        Fuzz.Run(
            "line tables",
            [.. programs.Select(p => Section(p, ".debug_line"))],
            (bytes, random) =>
            {
                var texts = new byte[random.Next(200)];
                var (pinned, pinnedTexts) = (
                    GCHandle.Alloc(bytes, GCHandleType.Pinned),
                    GCHandle.Alloc(texts, GCHandleType.Pinned)
                );
                try
                {
                    var names = (pinnedTexts.AddrOfPinnedObject(), texts.Length);
                    var table = LineTable.Read(
                        new LineSections((pinned.AddrOfPinnedObject(), bytes.Length), names, names),
                        random.Next(3) == 0 ? (ulong)random.Next(bytes.Length + 2) : 0
                    );
                    for (var i = 0; i < 20; i++)
                    {
                        Assert.True(table.At((ulong)random.NextInt64(0, 0x4000)).Line >= 0);
                        Assert.NotNull(table.PathOf((ulong)random.Next(0, 40)));
                    }
                }
                finally
                {
                    pinned.Free();
                    pinnedTexts.Free();
                }
            }
        );
    }

    [Fact]
    public void Damaged_answers_are_refused_with_what_the_agent_expects()
    {
        RawFrame[] frames =
        [
            new("_ZN1a1b17h0123456789abcdefE", true, "/src/a.rs", 7, true),
            new("main", false, "/src/main.rs", 70_000, false),
        ];
        var answer = SymbolizerMessages
            .Answer(
                new SymbolizerAnswer("", true, [new RawLocation("main", "/src", "unit", frames), RawLocation.Nothing])
            )
            .ToArray();
        Fuzz.Run(
            "answers",
            [answer],
            (bytes, _) =>
            {
                try
                {
                    var read = SymbolizerMessages.ReadAnswer(bytes, 2);
                    Assert.True(read.Locations.Length == 2 || read.Error.Length > 0);
                }
                catch (Exception e)
                    when (e is IOException or InvalidDataException or FormatException or ArgumentException)
                {
                    // what the client counts as a failure of the helper
                }
            }
        );
    }

    private static byte[] Section(string program, string name)
    {
        var module = HostileFilesTests.Module(program, out var source);
        using (source)
        {
            Assert.True(module.Elf!.TryReadSection(module.Elf.FindSection(name)!, 1 << 24, out var bytes));
            return bytes;
        }
    }

    /// <summary>Mostly in the debug sections, where libdw reads; sometimes anywhere.</summary>
    private static void Damage(byte[] bytes, ElfFile elf, Random random)
    {
        var sections = elf
            .Sections.Where(x => x.Name.StartsWith(".debug_", StringComparison.Ordinal) && x.Size > 0)
            .ToArray();
        for (var i = random.Next(1, 200); i > 0; i--)
        {
            var section = sections[random.Next(sections.Length)];
            var at =
                random.Next(10) == 0
                    ? random.NextInt64(bytes.Length)
                    : (long)section.Offset + random.NextInt64((long)section.Size);
            bytes[at] = random.Next(3) switch
            {
                0 => 0xff,
                1 => 0,
                _ => (byte)random.Next(256),
            };
        }
    }
}
