using System.Diagnostics.CodeAnalysis;

namespace Hud.Elf;

/// <summary>The mappings of one process at one moment, found by address in O(log n).</summary>
public sealed class AddressSpaceMap
{
    private readonly Mapping[] _mappings;
    private readonly ulong[] _starts;

    public AddressSpaceMap(IEnumerable<Mapping> mappings)
    {
        _mappings = [.. mappings.OrderBy(m => m.Start)];
        _starts = [.. _mappings.Select(m => m.Start)];
    }

    public static AddressSpaceMap Empty { get; } = new([]);

    /// <summary>In address order.</summary>
    public ReadOnlySpan<Mapping> Mappings => _mappings;

    public bool TryFind(ulong address, [NotNullWhen(true)] out Mapping? mapping)
    {
        var at = Array.BinarySearch(_starts, address);
        at = at >= 0 ? at : ~at - 1;
        mapping = at >= 0 && _mappings[at].Contains(address) ? _mappings[at] : null;
        return mapping is not null;
    }
}
