using Hud.Frames;
using Hud.Symbolization;
using Hud.Unwinding;

namespace Hud.NodeAgent.Run;

/// <summary>
/// The code of a program that was started several times: each process has it at other addresses. Stacks of the later ones are put to where the
/// first one had the same files, so that the same stack is one stack, is named once, and takes the room of one.
/// </summary>
/// <param name="first">The code of the first process, as far as it was read.</param>
internal sealed class ProgramSpace(ModuleMap? first) : IModuleLookup
{
    /// <summary>Where no process can have code, and the kernel has none: what only a later process had mapped.</summary>
    private const ulong AddedFrom = 1UL << 56;

    private const ulong RoomOfEach = 1UL << 40;
    private const int MaxAdded = 256;

    /// <summary>Marks code that belongs to no file: at that address the first process may have had something else.</summary>
    private const ulong NoFile = 1UL << 55;

    private readonly Dictionary<string, Module> _homes = new(StringComparer.Ordinal);
    private readonly List<Module> _added = [];

    public AddressKind Find(ulong address, out Module? module)
    {
        if (address is < AddedFrom or >= KernelSymbols.FirstAddress)
        {
            module = null;
            return first?.Find(address, out module) ?? AddressKind.None;
        }

        ulong place = (address - AddedFrom) / RoomOfEach;
        module = place < (ulong)_added.Count ? _added[(int)place] : null;
        return module is null ? AddressKind.None : AddressKind.Module;
    }

    /// <param name="addresses">Of a stack in a later process.</param>
    /// <param name="own">Its code.</param>
    public ulong[] Rebase(IReadOnlyList<ulong> addresses, IModuleLookup own)
    {
        ulong[] rebased = new ulong[addresses.Count];
        for (int i = 0; i < rebased.Length; i++)
            rebased[i] = addresses[i] >= KernelSymbols.FirstAddress ? addresses[i] : Rebase(addresses[i], own);
        return rebased;
    }

    private ulong Rebase(ulong address, IModuleLookup own)
    {
        if (
            own.Find(address, out var module) != AddressKind.Module
            || module is not { Elf: { } elf }
            || HomeOf(module, elf.ContentKey) is not { } home
        )
            return address | NoFile;
        ulong rebased = unchecked(module.ToElfAddress(address) + home.Bias);
        return home.Start < AddedFrom || home.Contains(rebased) ? rebased : address | NoFile;
    }

    private Module? HomeOf(Module module, string key)
    {
        if (_homes.TryGetValue(key, out var home))
            return home;
        home = InFirst(module.Path, key) ?? Add(module);
        if (home is not null)
            _homes[key] = home;
        return home;
    }

    private Module? InFirst(string path, string key)
    {
        if (first is null)
            return null;
        foreach (var mapping in first.Space.Mappings)
        {
            if (
                mapping.Executable
                && mapping.Path == path
                && first.Find(mapping.Start, out var module) == AddressKind.Module
                && module?.Elf?.ContentKey == key
            )
                return module;
        }

        return null;
    }

    private Module? Add(Module module)
    {
        if (_added.Count >= MaxAdded)
            return null;
        ulong start = AddedFrom + (ulong)_added.Count * RoomOfEach;
        var home = module with { Start = start, End = start + RoomOfEach, Bias = start };
        _added.Add(home);
        return home;
    }
}
