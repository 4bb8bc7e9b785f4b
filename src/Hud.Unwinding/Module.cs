using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>
/// One executable mapping of a file in a process. <c>Bias</c> is run-time address minus ELF address. <c>Elf</c> serves to look
/// for CALL instructions in the last fallback; without it that check is left out for this module.
/// </summary>
public sealed record Module(ulong Start, ulong End, ulong Bias, string Path, UnwindTable Table, ElfFile? Elf)
{
    public bool Contains(ulong address) => address - Start < End - Start;

    public ulong ToElfAddress(ulong address) => unchecked(address - Bias);

    /// <summary>The module of a mapping; null when the file's segments do not explain the mapping.</summary>
    public static Module? From(Mapping mapping, ElfFile elf, UnwindTable table)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        ArgumentNullException.ThrowIfNull(elf);
        return elf.TryLoadBias(mapping.Start, mapping.FileOffset, mapping.Length, mapping.Executable, out var bias)
            ? new Module(mapping.Start, mapping.End, bias, mapping.Path, table, elf)
            : null;
    }
}

/// <summary>What lies at a code address.</summary>
public enum AddressKind
{
    /// <summary>Not executable memory.</summary>
    None,

    /// <summary>A file's code whose tables are known.</summary>
    Module,

    /// <summary>Executable memory without a usable file: generated code, or a file that could not be opened.</summary>
    OtherCode,

    /// <summary>The kernel's page of probes; as a return address, the return probe's trampoline.</summary>
    Trampoline,
}

/// <summary>A process's code as the unwinder asks for it. Implementations may open files when first asked.</summary>
public interface IModuleLookup
{
    /// <summary><paramref name="module"/> is set exactly when the answer is <see cref="AddressKind.Module"/>.</summary>
    AddressKind Find(ulong address, out Module? module);
}

/// <summary>
/// Modules over a process's mappings, each made by <c>load</c> when first needed (null: it cannot be, or, where <c>isPending</c>
/// says so, not yet). Not thread-safe; one per process and reading of its maps.
/// </summary>
public sealed class ModuleMap(AddressSpaceMap space, Func<Mapping, Module?> load, Func<Mapping, bool>? isPending = null)
    : IModuleLookup
{
    private readonly Dictionary<ulong, Module?> _loaded = [];
    private Module? _last;

    public AddressSpaceMap Space => space;

    public AddressKind Find(ulong address, out Module? module)
    {
        module = _last;
        if (module is not null && module.Contains(address))
        {
            return AddressKind.Module;
        }

        module = null;
        if (!space.TryFind(address, out var mapping) || !mapping.Executable)
        {
            return AddressKind.None;
        }

        if (mapping.IsUprobes)
        {
            return AddressKind.Trampoline;
        }

        if (!_loaded.TryGetValue(mapping.Start, out module))
        {
            module = mapping.IsFile || mapping.IsVdso ? load(mapping) : null;
            if (module is not null || isPending?.Invoke(mapping) != true)
            {
                _loaded[mapping.Start] = module;
            }
        }

        _last = module ?? _last;
        return module is null ? AddressKind.OtherCode : AddressKind.Module;
    }
}
