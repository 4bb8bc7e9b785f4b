namespace Hud.Unwinding;

/// <summary>Sorted rows: from <c>pcs[i]</c> up to <c>pcs[i+1]</c> holds rule number <c>rules[i]</c>; 0 is none.</summary>
internal sealed class UnwindRows(ulong baseAddress, uint[] pcs, ushort[] rules)
{
    public static UnwindRows Empty { get; } = new(0, [], []);

    public int Count => pcs.Length;

    public long MemoryBytes => (pcs.Length * 4L) + (rules.Length * 2L);

    public int Find(ulong address)
    {
        var distance = address - baseAddress;
        if (address < baseAddress || distance > uint.MaxValue)
        {
            return 0;
        }

        var wanted = (uint)distance;
        int low = 0,
            high = pcs.Length;
        while (low < high)
        {
            var middle = (int)((uint)(low + high) >> 1);
            if (pcs[middle] <= wanted)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? 0 : rules[low - 1];
    }
}
