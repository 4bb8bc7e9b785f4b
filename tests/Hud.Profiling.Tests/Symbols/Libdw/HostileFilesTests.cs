using System.Diagnostics;
using Hud.Profiling.Elf;
using Hud.Profiling.Symbols;
using Hud.Profiling.Symbols.Libdw;

namespace Hud.Profiling.Tests.Symbols.Libdw;

/// <summary>Whatever a target's file does to libdw, the agent gets an answer for every address.</summary>
public sealed class HostileFilesTests
{
    /// <summary>Broken files tried; more with HUD_FUZZ_SECONDS.</summary>
    private const int Inputs = 60;

    [Fact]
    public void A_helper_that_dies_costs_lines_and_nothing_else()
    {
        var module = Module(Programs.CFive, out var source);
        using (source)
        {
            var deaths = 0;
            using var symbolizer = new Symbolizer(start: () => new DyingProcess(Helper.Start(), () => deaths++));
            var function = module.Elf!.Functions.Functions.ToArray().First(f => module.Elf.Functions.NameOf(f) == "outer");
            var frame = Assert.Single(symbolizer.Resolve(module, [function.Address + 4])[0]);
            Assert.Equal("outer", frame.Function);
            Assert.Equal(2, deaths);
            Assert.Equal(2, symbolizer.HelperFailures);
            Assert.Contains("could not be read", symbolizer.Warning(module)!.Value.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_that_shrinks_under_the_reader_kills_the_helper_and_not_the_report()
    {
        // the classic: libdw maps the file, its owner cuts it off, the next touch is a bus error
        var path = Programs.TempFile("shrinks");
        File.Copy(Programs.RustFull, path, overwrite: true);
        var module = Module(path, out var source);
        var healthy = Module(Programs.CFive, out var other);
        using (source)
        using (other)
        using (var symbolizer = new Symbolizer(start: Helper.Start))
        {
            var functions = module.Elf!.Functions.Functions.ToArray();
            var addresses = functions.Where(f => f.Size > 4).Select(f => f.Address + 2).ToArray();
            var names = symbolizer.Resolve(module, addresses, NameDetail.Symbols);
            Assert.True(symbolizer.Resolve(module, [addresses[0]])[0].Length > 0);
            var helper = symbolizer.HelperProcessId;
            using (var cut = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                RandomAccess.SetLength(cut, 8192);
            }

            var answers = symbolizer.Resolve(module, addresses);
            Assert.Equal(addresses.Length, answers.Length);
            Assert.All(answers, a => Assert.NotEmpty(a));
            Assert.True(symbolizer.HelperFailures > 0, "the helper survived, so this test shows nothing");
            Assert.NotEqual(helper, symbolizer.HelperProcessId);
            Assert.Equal(addresses.Length, names.Length);

            var outer = healthy.Elf!.Functions.Functions.ToArray().First(f => healthy.Elf.Functions.NameOf(f) == "outer");
            Assert.True(symbolizer.Resolve(healthy, [outer.Address + 4])[0][^1].Line > 0);
        }
    }

    [Fact]
    public void A_helper_that_hangs_is_ended_in_time()
    {
        var module = Module(Programs.CFive, out var source);
        using (source)
        {
            var options = new SymbolizerOptions { Timeout = TimeSpan.FromMilliseconds(300) };
            using var symbolizer = new Symbolizer(options, static () => SleepingProcess.Start());
            Assert.NotEmpty(symbolizer.Resolve(module, [module.Elf!.EntryPoint])[0]);
            Assert.Equal(2, symbolizer.HelperFailures);
        }
    }

    [Fact]
    public void A_helper_that_lies_is_not_believed()
    {
        var module = Module(Programs.CFive, out var source);
        using (source)
        {
            byte[][] lies =
            [
                [0xff, 0xff, 0xff, 0xff],
                [4, 0, 0, 0, 1, 2, 3, 4],
                [9, 0, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0, 0],
                [6, 0, 0, 0, 0, 1, 1, 0, 0xff, 0xff],
                [0, 0, 0, 0],
            ];
            foreach (var lie in lies)
            {
                using var symbolizer = new Symbolizer(start: () => new CannedProcess(lie));
                Assert.NotEmpty(symbolizer.Resolve(module, [module.Elf!.EntryPoint])[0]);
                Assert.Equal(2, symbolizer.HelperFailures);
            }
        }
    }

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
        using var symbolizer = new Symbolizer(new SymbolizerOptions { MaxFailures = int.MaxValue, Timeout = TimeSpan.FromSeconds(10) }, Helper.Start);
        for (; tried < Inputs || watch.Elapsed.TotalSeconds < seconds; tried++)
        {
            var bytes = File.ReadAllBytes(programs[tried % programs.Length]);
            var original = Module(programs[tried % programs.Length], out var first);
            ulong[] addresses;
            using (first)
            {
                addresses = [.. original.Elf!.Functions.Functions.ToArray().Where(f => f.Size > 0).Take(200).Select(f => f.Address)];
                Damage(bytes, original.Elf, random);
            }

            File.WriteAllBytes(path, bytes);
            if (!FileByteSource.TryOpen(path, out var source, out _))
            {
                continue;
            }

            using (source)
            {
                _ = ElfFile.TryOpen(source, out var elf, out _);
                var failures = symbolizer.HelperFailures;
                var answers = symbolizer.Resolve(new ModuleRef(path, path, elf, $"try-{tried}"), addresses);
                Assert.Equal(addresses.Length, answers.Length);
                Assert.All(answers, a => Assert.NotEmpty(a));
                died += symbolizer.HelperFailures > failures ? 1 : 0;
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{tried} damaged files, the helper died or was stopped on {died}");
    }

    /// <summary>Mostly in the debug sections, where libdw reads; sometimes anywhere.</summary>
    private static void Damage(byte[] bytes, ElfFile elf, Random random)
    {
        var sections = elf.Sections.Where(x => x.Name.StartsWith(".debug_", StringComparison.Ordinal) && x.Size > 0).ToArray();
        for (var i = random.Next(1, 200); i > 0; i--)
        {
            var section = sections[random.Next(sections.Length)];
            var at = random.Next(10) == 0 ? random.NextInt64(bytes.Length) : (long)section.Offset + random.NextInt64((long)section.Size);
            bytes[at] = random.Next(3) switch { 0 => 0xff, 1 => 0, _ => (byte)random.Next(256) };
        }
    }

    private static ModuleRef Module(string path, out FileByteSource source)
    {
        Assert.True(FileByteSource.TryOpen(path, out var opened, out var error), error);
        source = opened;
        Assert.True(ElfFile.TryOpen(opened, out var elf, out error), error);
        return ModuleRef.Of(path, path, elf);
    }

    /// <summary>Killed at its first request, as by a signal.</summary>
    private sealed class DyingProcess(ISymbolizerProcess inner, Action died) : ISymbolizerProcess
    {
        public Stream Requests
        {
            get
            {
                inner.Kill();
                died();
                return inner.Requests;
            }
        }

        public Stream Answers => inner.Answers;

        public int ProcessId => inner.ProcessId;

        public void Kill() => inner.Kill();

        public void Dispose() => inner.Dispose();
    }

    private sealed class SleepingProcess : ISymbolizerProcess
    {
        private readonly Process process;

        private SleepingProcess(Process process) => this.process = process;

        public Stream Requests => process.StandardInput.BaseStream;

        public Stream Answers => process.StandardOutput.BaseStream;

        public int ProcessId => process.Id;

        public static SleepingProcess Start() => new(Process.Start(new ProcessStartInfo("sleep", "1000")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!);

        public void Kill() => process.Kill();

        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }

    private sealed class CannedProcess(byte[] answer) : ISymbolizerProcess
    {
        public Stream Requests { get; } = new MemoryStream();

        public Stream Answers { get; } = new MemoryStream(answer);

        public int ProcessId => 0;

        public void Kill()
        {
        }

        public void Dispose()
        {
        }
    }
}
