using System.Buffers.Binary;
using System.Diagnostics;
using Hud.Elf;
using Microsoft.Win32.SafeHandles;

namespace Hud.Symbolization.Tests;

/// <summary>Whatever a target's file does to libdw, the agent gets an answer for every address.</summary>
public sealed class HostileFilesTests
{
    [Fact]
    public void A_helper_that_dies_costs_lines_and_nothing_else()
    {
        var module = Module(Programs.CFive, out var source);
        using (source)
        {
            var deaths = 0;
            using var symbolizer = new Symbolizer(start: () => new DyingProcess(Helper.Start(), () => deaths++));
            var function = module
                .Elf!.Functions.Functions.ToArray()
                .First(f => module.Elf.Functions.NameOf(f) == "outer");
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

            var outer = healthy
                .Elf!.Functions.Functions.ToArray()
                .First(f => healthy.Elf.Functions.NameOf(f) == "outer");
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
                [4, 0, 0, 0, 0, 2, 3, 4],
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

    [Theory]
    [InlineData("zlib")]
    [InlineData("zlib-gnu")]
    public void Debug_sections_that_unpack_to_too_much_are_refused_and_said(string form)
    {
        var bomb = Programs.TempFile($"bomb-{form}");
        Zeros($"{bomb}.zeros");
        Helper.Run("objcopy", $"--update-section .debug_str={bomb}.zeros {Programs.CFive} {bomb}.plain");
        Helper.Run("objcopy", $"--compress-debug-sections={form} {bomb}.plain {bomb}");
        Assert.InRange(new FileInfo(bomb).Length, 1, 2_000_000);
        AnsweredFromSymbols(bomb);

        // the same bomb in the separate file of a program that looks harmless
        var program = Programs.TempFile($"bombed-{form}");
        Helper.Run(
            "objcopy",
            $"--strip-debug --add-gnu-debuglink={bomb} --remove-section=.note.gnu.build-id {Programs.CFive} {program}"
        );
        AnsweredFromSymbols(program);

        static void AnsweredFromSymbols(string path)
        {
            var module = Module(path, out var source);
            using (source)
            using (var symbolizer = new Symbolizer(start: Helper.Start))
            {
                var outer = module
                    .Elf!.Functions.Functions.ToArray()
                    .First(f => module.Elf.Functions.NameOf(f) == "outer")
                    .Address;
                Assert.Equal(
                    ("outer", 0),
                    (
                        symbolizer.Resolve(module, [outer + 40])[0][^1].Function,
                        symbolizer.Resolve(module, [outer + 40])[0][^1].Line
                    )
                );
                Assert.Equal(0, symbolizer.HelperFailures);
                Assert.Matches("unpack to [0-9]+ MB", symbolizer.Warning(module)!.Value.Text);
                Assert.Null(symbolizer.HelperProcessId); // it never comes to the library
            }
        }
    }

    /// <summary>What the documentation promises, where the promise ends: one byte more than the bound is refused, the bound itself is read.</summary>
    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "unpack to 100 MB")]
    public void The_bound_of_unpacked_debug_sections_is_the_one_that_is_documented(int beyond, string refusal)
    {
        var path = Programs.TempFile($"bound-{beyond}");
        Helper.Run("objcopy", $"--compress-debug-sections=zlib {Programs.CFive} {path}");
        var (size, field) = Packed(path);
        var most = (96UL << 20) + (ulong)beyond;
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
        {
            // the other compressed sections keep what they say
            var claimed = new byte[8];
            RandomAccess.Read(file, claimed, field);
            BinaryPrimitives.WriteUInt64LittleEndian(
                claimed,
                most - (size - BinaryPrimitives.ReadUInt64LittleEndian(claimed))
            );
            RandomAccess.Write(file, claimed, field);
        }

        var module = Module(path, out var source);
        using (source)
        {
            Assert.Equal(most, PackedDebugInfo.UnpackedSize(module.Elf!));
            var said = PackedDebugInfo.Refuse(source);
            Assert.True(
                refusal.Length == 0 ? said.Length == 0 : said.Contains(refusal, StringComparison.Ordinal),
                said
            );
        }

        Assert.Contains(
            "unpack to more than 96 MiB are refused",
            File.ReadAllText(RepositoryRoot.PathOf("docs", "security.md")),
            StringComparison.Ordinal
        );

        static (ulong Size, long Field) Packed(string path)
        {
            var module = Module(path, out var source);
            using (source)
            {
                var section = module.Elf!.Sections.First(s => s.Compressed && s.HasBytes);
                return (PackedDebugInfo.UnpackedSize(module.Elf), (long)section.Offset + 8);
            }
        }
    }

    [Fact]
    public void Compressed_symbols_that_unpack_to_too_much_end_the_helper_at_most()
    {
        var bomb = Programs.TempFile("bomb-xz");
        Zeros($"{bomb}.zeros");
        Helper.Run("xz", $"-0kf {bomb}.zeros");
        Helper.Run("objcopy", $"--strip-all --add-section .gnu_debugdata={bomb}.zeros.xz {Programs.CFive} {bomb}");
        var module = Module(bomb, out var source);
        using (source)
        using (var symbolizer = new Symbolizer(start: Helper.Start))
        {
            Assert.NotEmpty(symbolizer.Resolve(module, [module.Elf!.EntryPoint])[0]);
            Assert.True(
                symbolizer.HelperFailures > 0 || PeakMiB(symbolizer.HelperProcessId!.Value) < Megabytes / 2,
                "the helper took what it wanted"
            );
        }
    }

    [Theory]
    [InlineData(160, false)]
    [InlineData(300, true)]
    public void A_helper_that_takes_more_memory_than_is_documented_is_ended_and_said(int mebibytes, bool ended)
    {
        var module = Module(Programs.CFive, out var source);
        using (source)
        {
            var started = new List<GreedyProcess>();
            using var symbolizer = new Symbolizer(
                new SymbolizerOptions { Timeout = TimeSpan.FromSeconds(3) },
                () =>
                {
                    started.Add(GreedyProcess.Start(mebibytes));
                    return started[^1];
                }
            );
            Assert.NotEmpty(symbolizer.Resolve(module, [module.Elf!.EntryPoint])[0]);
            Assert.Equal(2, symbolizer.HelperFailures); // it never answers, whatever it takes
            var said = symbolizer.Warning(module)!.Value.Text;
            Assert.True(
                said.Contains(ended ? "took more than 224 MiB" : "ended or was too slow", StringComparison.Ordinal),
                said
            );
            Assert.All(started, p => Assert.True(p.WasEnded));
        }

        Assert.Contains(
            "takes more than 224 MiB for itself",
            File.ReadAllText(RepositoryRoot.PathOf("docs", "security.md")),
            StringComparison.Ordinal
        );
    }

    private const int Megabytes = 600;

    private static void Zeros(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.SetLength(file, Megabytes * 1_000_000L);
    }

    private static int PeakMiB(int pid) =>
        int.Parse(
            File.ReadLines($"/proc/{pid}/status")
                .First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal))
                .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
            System.Globalization.CultureInfo.InvariantCulture
        ) / 1024;

    internal static ModuleRef Module(string path, out FileByteSource source)
    {
        Assert.True(FileByteSource.TryOpen(path, out var opened, out var error), error);
        source = opened;
        Assert.True(ElfFile.TryOpen(opened, out var elf, out error), error);
        return new ModuleRef(path, path, elf);
    }

    /// <summary>Files that are sent here are never looked at.</summary>
    private static readonly (SafeFileHandle Own, SafeFileHandle Inherited) Unread = DescriptorSocket.Pair();

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

        public SafeFileHandle Files => inner.Files;

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

        public SafeFileHandle Files { get; } = Unread.Own;

        public static SleepingProcess Start() =>
            new(
                Process.Start(
                    new ProcessStartInfo("sleep", "1000")
                    {
                        RedirectStandardInput = true,
                        RedirectStandardOutput = true,
                        UseShellExecute = false,
                    }
                )!
            );

        public void Kill() => process.Kill();

        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }

    /// <summary>A helper that holds so much memory of its own and never answers; it ends by itself.</summary>
    private sealed class GreedyProcess : ISymbolizerProcess
    {
        private readonly Process process;

        private GreedyProcess(Process process) => this.process = process;

        public Stream Requests => process.StandardInput.BaseStream;

        public Stream Answers => process.StandardOutput.BaseStream;

        public int ProcessId => process.Id;

        public SafeFileHandle Files { get; } = Unread.Own;

        /// <summary>It was still there when it was ended.</summary>
        public bool WasEnded { get; private set; }

        public static GreedyProcess Start(int mebibytes) =>
            new(
                Process.Start(
                    new ProcessStartInfo("perl", ["-e", $"vec($bytes, {mebibytes << 20} - 1, 8) = 1; sleep 20"])
                    {
                        RedirectStandardInput = true,
                        RedirectStandardOutput = true,
                        UseShellExecute = false,
                    }
                )!
            );

        public void Kill()
        {
            WasEnded |= !process.HasExited;
            process.Kill();
        }

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

        public SafeFileHandle Files { get; } = Unread.Own;

        public void Kill() { }

        public void Dispose() { }
    }
}
