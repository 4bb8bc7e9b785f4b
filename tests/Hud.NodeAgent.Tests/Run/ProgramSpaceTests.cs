using Hud.Elf;
using Hud.NodeAgent.Proc;
using Hud.NodeAgent.Run;
using Hud.Unwinding;

namespace Hud.NodeAgent.Tests.Run;

/// <summary>One program at two places: this process's own code, and the same files elsewhere.</summary>
public sealed class ProgramSpaceTests
{
    private const ulong Moved = 0x1000_0000;
    private readonly TargetFiles _files = new(new UnwindTableCache());
    private readonly Mapping _code;
    private readonly ModuleMap _first;

    public ProgramSpaceTests()
    {
        var space = TargetFiles.ReadMaps(Environment.ProcessId);
        _code = space
            .Mappings.ToArray()
            .First(m => m.Executable && m.IsFile && m.Path.Contains("libc", StringComparison.Ordinal));
        _first = _files.Modules(Environment.ProcessId, space);
    }

    /// <summary>The file as another process would have it.</summary>
    private MovedModules Later()
    {
        Assert.Equal(AddressKind.Module, _first.Find(_code.Start, out var module));
        return new MovedModules(
            module! with
            {
                Start = module.Start + Moved,
                End = module.End + Moved,
                Bias = module.Bias + Moved,
            }
        );
    }

    [Fact]
    public void A_stack_of_a_later_process_is_where_the_first_one_has_it()
    {
        var space = new ProgramSpace(_first);
        ulong[] addresses = [0xffff_ffff_8100_0000, _code.Start + Moved + 0x40, _code.Start + Moved + 0x80];
        Assert.Equal([0xffff_ffff_8100_0000, _code.Start + 0x40, _code.Start + 0x80], space.Rebase(addresses, Later()));
        Assert.Equal(AddressKind.Module, space.Find(_code.Start + 0x40, out var module));
        Assert.Equal(_code.Path, module!.Path);
    }

    [Fact]
    public void Code_that_only_a_later_process_has_is_found_by_the_address_it_is_kept_at()
    {
        var space = new ProgramSpace(new ModuleMap(new AddressSpaceMap([]), _ => null));
        var later = Later();
        ulong kept = Assert.Single(space.Rebase([_code.Start + Moved + 0x40], later));
        Assert.NotEqual(_code.Start + Moved + 0x40, kept);
        Assert.Equal(AddressKind.Module, space.Find(kept, out var module));
        Assert.Equal(later.Module.ToElfAddress(_code.Start + Moved + 0x40), module!.ToElfAddress(kept));
        Assert.Equal(kept, Assert.Single(space.Rebase([_code.Start + Moved + 0x40], later))); // the next one's too
    }

    [Fact]
    public void Code_of_no_file_is_not_taken_for_what_the_first_process_had_there()
    {
        var space = new ProgramSpace(_first);
        ulong kept = Assert.Single(space.Rebase([_code.Start + 0x40], Later())); // there it has no file
        Assert.NotEqual(AddressKind.Module, space.Find(kept, out _));
    }

    private sealed class MovedModules(Module module) : IModuleLookup
    {
        public Module Module => module;

        public AddressKind Find(ulong address, out Module? found)
        {
            found = module.Contains(address) ? module : null;
            return found is null ? AddressKind.OtherCode : AddressKind.Module;
        }
    }
}
