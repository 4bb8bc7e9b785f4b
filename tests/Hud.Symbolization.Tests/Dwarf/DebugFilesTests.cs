using System.Diagnostics;
using System.Text;
using Hud.Elf;

namespace Hud.Symbolization.Tests;

/// <summary>Where separate debug files are found, and what a target can put in their place.</summary>
public sealed class DebugFilesTests
{
    private static (string Root, string Program, string Debug) Split(string name, string buildId = "")
    {
        string root = Directory.CreateDirectory(Programs.TempFile($"root-{name}")).FullName,
            program = Path.Combine(root, "app", "service"),
            debug = Path.Combine(root, "app", "service.debug");
        Directory.CreateDirectory(Path.Combine(root, "app", ".debug"));
        Directory.CreateDirectory(Path.Combine(root, "usr", "lib", "debug"));
        Helper.Run("objcopy", $"--only-keep-debug {buildId} {Programs.CFive} {debug}");
        Helper.Run("objcopy", $"--strip-all {buildId} --add-gnu-debuglink={debug} {Programs.CFive} {program}");
        return (root, program, debug);
    }

    private const string WithoutId = "--remove-section=.note.gnu.build-id";

    private static string? LineOf(string root, string program)
    {
        Assert.True(FileByteSource.TryOpen(Programs.CFive, out var whole, out _));
        Assert.True(FileByteSource.TryOpen(program, out var stripped, out _));
        using (whole)
        using (stripped)
        using (var symbolizer = new Symbolizer(start: Helper.Start))
        {
            Assert.True(ElfFile.TryOpen(whole, out var elf, out _));
            Assert.True(ElfFile.TryOpen(stripped, out var bare, out _));
            ulong outer = elf.Functions.Functions.ToArray().First(f => elf.Functions.NameOf(f) == "outer").Address + 40;
            var module = new ModuleRef("/app/service", program, bare) { Root = root };
            var clock = Stopwatch.StartNew();
            var frame = symbolizer.Resolve(module, [outer])[0][^1];
            Assert.InRange(clock.Elapsed.TotalSeconds, 0, 25); // below the helper's deadline
            Assert.Equal(0, symbolizer.HelperFailures);
            return frame.Line > 0 ? frame.Function : null;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(WithoutId)]
    public void A_debug_link_is_found_beside_the_file_and_in_the_folders(string buildId)
    {
        var (root, program, debug) = Split("link" + buildId.Length, buildId);
        Assert.Equal("outer", LineOf(root, program));
        foreach (string place in (string[])["app/.debug", "usr/lib/debug", "usr/lib/debug/app"])
        {
            string moved = Path.Combine(root, place, "service.debug");
            Directory.CreateDirectory(Path.GetDirectoryName(moved)!);
            File.Move(debug, moved);
            Assert.Equal((place, "outer"), (place, LineOf(root, program)));
            File.Move(moved, debug);
        }
    }

    [Fact]
    public void A_build_id_is_found_below_the_targets_own_folder()
    {
        var (root, program, debug) = Split("id");
        Assert.True(FileByteSource.TryOpen(program, out var source, out _));
        string id;
        using (source)
        {
            Assert.True(ElfFile.TryOpen(source, out var elf, out _));
            id = elf.BuildId!;
        }

        string folder = Path.Combine(root, "usr/lib/debug/.build-id", id[..2]);
        Directory.CreateDirectory(folder);
        File.Move(debug, Path.Combine(folder, id[2..] + ".debug"));
        Assert.Equal("outer", LineOf(root, program));
    }

    [Fact]
    public void A_file_that_is_not_the_one_is_not_taken()
    {
        var (root, program, debug) = Split("other", WithoutId);
        File.AppendAllText(debug, "x");
        Assert.Null(LineOf(root, program));
    }

    [Fact]
    public void A_fifo_a_link_that_leads_out_or_a_folder_costs_the_lines_and_nothing_else()
    {
        var (root, program, debug) = Split("hostile", WithoutId);
        string kept = debug + ".kept";
        File.Move(debug, kept);
        Helper.Run("mkfifo", debug);
        Assert.Null(LineOf(root, program));
        File.Delete(debug);

        string outside = Programs.TempFile("outside.debug");
        File.Copy(kept, outside, overwrite: true);
        File.CreateSymbolicLink(debug, outside);
        Assert.Null(LineOf(root, program));
        File.Delete(debug);

        // the same link where it leads inside
        File.CreateSymbolicLink(debug, "/app/service.debug.kept");
        Assert.Equal("outer", LineOf(root, program));
        File.Delete(debug);
        Directory.CreateDirectory(debug);
        Assert.Null(LineOf(root, program));
    }

    [Fact]
    public void The_checksum_is_that_of_debug_links() =>
        Assert.Equal(0xcbf43926, DebugFiles.Checksum(new MemoryByteSource(Encoding.ASCII.GetBytes("123456789"))));
}
