using Hud.Core.Profile;
using Hud.Elf;
using Hud.Frames;

namespace Hud.Symbolization.Tests;

public sealed class SymbolizerTests : IDisposable
{
    private readonly Symbolizer symbolizer = new(start: Helper.Start);
    private readonly List<IDisposable> open = [];

    public void Dispose()
    {
        symbolizer.Dispose();
        open.ForEach(o => o.Dispose());
    }

    [Fact]
    public void Line_tables_give_inlined_frames_with_files_and_lines()
    {
        var module = Module(Programs.RustLines);
        var work = Function(module, "naming::work");
        var all = symbolizer.Resolve(
            module,
            [.. Enumerable.Range(0, (int)work.Size).Select(i => work.Address + (ulong)i)]
        );

        var push = all.First(f => f.Any(x => x.Function.StartsWith("naming::triple", StringComparison.Ordinal)));
        var triple = Array.FindIndex(push, x => x.Function.StartsWith("naming::triple", StringComparison.Ordinal));
        Assert.Equal("naming::triple", push[triple].Function);
        Assert.Equal(FrameKind.User, push[triple].Kind);
        Assert.Equal(("naming::add", 3), (push[triple + 1].Function, push[triple + 1].Line));
        Assert.All(push[..^1], f => Assert.True(f.Inlined));
        Assert.Equal("naming::work", push[^1].Function);
        Assert.False(push[^1].Inlined);
        Assert.Equal("src/main.rs", push[^1].File);
        Assert.True(push[^1].Line > 9);

        var std = all.SelectMany(f => f).First(f => f.Kind == FrameKind.Std && f.Inlined);
        Assert.StartsWith("library/", std.File, StringComparison.Ordinal);
        Assert.Contains("::", std.Function, StringComparison.Ordinal);
    }

    [Fact]
    public void Full_debug_information_gives_whole_paths()
    {
        var module = Module(Programs.RustFull);
        var work = Function(module, "naming::work");
        var frames = symbolizer
            .Resolve(module, [.. Enumerable.Range(0, (int)work.Size).Select(i => work.Address + (ulong)i)])
            .SelectMany(f => f)
            .ToList();
        Assert.Contains(frames, f => f.Function == "naming::stock::triple" && f.Kind == FrameKind.User);
        Assert.Contains(
            frames,
            f =>
                f.Function.StartsWith("<alloc::vec::Vec<u64>>::push", StringComparison.Ordinal)
                && f.Kind == FrameKind.Std
        );
    }

    [Fact]
    public void Without_debug_information_the_symbol_is_the_name()
    {
        var module = Module(Programs.RustPlain);
        var work = Function(module, "naming::work");
        var frame = Assert.Single(symbolizer.Resolve(module, [work.Address + 3])[0]);
        Assert.Equal(new Frame("naming::work", null, 0, false, FrameKind.User, module.Path), frame);
        Assert.Contains(
            "debug = \"line-tables-only\"\nstrip = false",
            symbolizer.Warning(module)!.Value.NextStep,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Symbols_come_at_once_and_without_a_helper()
    {
        var module = Module(Programs.RustLines);
        var work = Function(module, "naming::work");
        Assert.Equal(
            "naming::work",
            Assert.Single(symbolizer.Resolve(module, [work.Address], NameDetail.Symbols)[0]).Function
        );
        Assert.Null(symbolizer.HelperProcessId);
        Assert.NotEmpty(symbolizer.Resolve(module, [work.Address])[0][^1].Location);
    }

    [Fact]
    public void Of_more_libraries_than_may_be_open_the_rest_are_named_by_their_symbols()
    {
        using var small = new Symbolizer(new SymbolizerOptions { MaxOpenModules = 1 }, Helper.Start);
        var (first, second) = (Module(Programs.RustLines), Module(Programs.CFive));
        Assert.NotEmpty(small.Resolve(first, [Function(first, "naming::work").Address])[0][^1].Location);
        var frame = Assert.Single(small.Resolve(second, [Function(second, "outer").Address])[0]);
        Assert.Equal(("outer", ""), (frame.Function, frame.Location));
        Assert.Contains("1 other files are open", small.Warning(second)!.Value.Text, StringComparison.Ordinal);
        Assert.Null(small.Warning(first));
    }

    [Fact]
    public void An_address_without_a_name_says_so()
    {
        var module = Module(Programs.RustPlain);
        var frame = Assert.Single(symbolizer.Resolve(module, [0x10])[0]);
        Assert.Equal("rust-plain+0x10", frame.Function);
        Assert.Equal(FrameKind.Unknown, frame.Kind);
        Assert.Equal(1, symbolizer.Statistics.Unresolved);
    }

    [Fact]
    public void A_separate_debug_file_is_found_by_build_id()
    {
        var program = Programs.TempFile("separate");
        var debug = Programs.TempFile("debugs");
        Helper.Run("objcopy", $"--strip-all {Programs.CFive} {program}");
        var id = Module(program).Elf!.BuildId!;
        Directory.CreateDirectory($"{debug}/.build-id/{id[..2]}");
        Helper.Run("objcopy", $"--only-keep-debug {Programs.CFive} {debug}/.build-id/{id[..2]}/{id[2..]}.debug");
        var address = Function(Module(Programs.CFive), "outer").Address;

        var stripped = Module(program);
        using var finding = new Symbolizer(new SymbolizerOptions { DebugDirectories = [debug] }, Helper.Start);
        var frames = finding.Resolve(stripped, [address + 40])[0];
        Assert.Equal("outer", frames[^1].Function);
        Assert.EndsWith("naming.c", frames[^1].File, StringComparison.Ordinal);

        Assert.Equal(FrameKind.Unknown, symbolizer.Resolve(stripped, [address + 40])[0][^1].Kind);
    }

    [Fact]
    public void A_debug_link_beside_the_program_is_followed()
    {
        var folder = Directory.CreateDirectory(Programs.TempFile("linked")).FullName;
        Helper.Run(
            "objcopy",
            $"--only-keep-debug --remove-section=.note.gnu.build-id {Programs.CFour} {folder}/prog.debug"
        );
        Helper.Run(
            "objcopy",
            $"--strip-all --remove-section=.note.gnu.build-id --add-gnu-debuglink={folder}/prog.debug {Programs.CFour} {folder}/prog"
        );
        var address = Function(Module(Programs.CFour), "outer").Address;
        Assert.Equal("outer", symbolizer.Resolve(Module($"{folder}/prog"), [address + 40])[0][^1].Function);
    }

    [Fact]
    public void Compressed_symbols_of_a_stripped_program_are_found()
    {
        // what distributions call MiniDebugInfo: .symtab in an xz-compressed ELF file inside .gnu_debugdata
        var mini = Programs.TempFile("mini");
        Helper.Run(
            "objcopy",
            $"--only-keep-debug --remove-section=.debug* --remove-section=.comment {Programs.RustPlain} {mini}.sym"
        );
        Helper.Run("xz", $"-kf {mini}.sym");
        Helper.Run("objcopy", $"--strip-all --add-section .gnu_debugdata={mini}.sym.xz {Programs.RustPlain} {mini}");
        var address = Function(Module(Programs.RustPlain), "naming::work").Address;
        Assert.Equal("naming::work", symbolizer.Resolve(Module(mini), [address + 3])[0][^1].Function);
    }

    [Fact]
    public void A_deleted_program_is_read_through_its_descriptor()
    {
        var gone = Programs.TempFile("gone");
        File.Copy(Programs.CFive, gone, overwrite: true);
        using var handle = File.OpenHandle(gone);
        File.Delete(gone);
        Assert.True(ElfFile.TryOpen(new FileByteSource(handle), out var elf, out var error), error);
        var module = new ModuleRef(gone, $"/proc/{Environment.ProcessId}/fd/{(int)handle.DangerousGetHandle()}", elf);
        Assert.True(symbolizer.Resolve(module, [Function(module, "outer").Address + 4])[0][^1].Line > 0);
    }

    [Fact]
    public void The_same_build_in_another_place_is_answered_from_the_cache()
    {
        var module = Module(Programs.CFive);
        var address = Function(module, "outer").Address + 4;
        var first = symbolizer.Resolve(module, [address])[0];
        Assert.Same(
            first,
            symbolizer.Resolve(module with { Path = "/other", OpenPath = "/does/not/exist" }, [address])[0]
        );
        Assert.Equal(1, symbolizer.Statistics.Addresses);
    }

    [Fact]
    public void The_cache_keeps_its_bound()
    {
        using var small = new Symbolizer(new SymbolizerOptions { MaxCachedAddresses = 100 }, Helper.Start);
        var module = Module(Programs.RustPlain);
        for (ulong i = 0; i < 1000; i++)
        {
            small.Resolve(module, [i], NameDetail.Symbols);
        }

        Assert.True(small.CachedAddresses <= 100, $"{small.CachedAddresses}");
    }

    private ModuleRef Module(string path)
    {
        Assert.True(FileByteSource.TryOpen(path, out var source, out var error), error);
        open.Add(source);
        Assert.True(ElfFile.TryOpen(source, out var elf, out error), error);
        return new ModuleRef(path, path, elf);
    }

    private static ElfFunction Function(ModuleRef module, string name)
    {
        foreach (var function in module.Elf!.Functions.Functions)
        {
            if (Demangler.Demangle(module.Elf.Functions.NameOf(function)) == name)
            {
                return function;
            }
        }

        Assert.Fail($"{module.Path} has no {name}");
        return default;
    }
}
