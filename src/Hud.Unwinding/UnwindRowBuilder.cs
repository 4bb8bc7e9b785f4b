namespace Hud.Unwinding;

/// <summary>
/// Collects rows function by function, in the file's order, then sorts the functions and joins them to one table.
/// Addresses are kept as 32-bit distances from the text's first address.
/// </summary>
internal sealed class UnwindRowBuilder(ulong baseAddress, ulong endAddress)
{
    private readonly List<uint> _starts = [];
    private readonly List<Function> _functions = [];
    private uint[] _pcs = new uint[1024];
    private ushort[] _rules = new ushort[1024];
    private int _count;
    private int _first;
    private ulong _end;
    private ushort _last;

    public int Functions => _functions.Count;

    /// <summary>Functions left out because their range lies outside the file's code.</summary>
    public int OutsideText { get; private set; }

    /// <summary>True when a bound was hit and rows are missing.</summary>
    public bool Truncated { get; private set; }

    public bool Begin(ulong start, ulong end)
    {
        if (start < baseAddress || end > endAddress || start >= end || end - baseAddress > uint.MaxValue)
        {
            OutsideText++;
            return false;
        }

        if (_functions.Count >= StackLimits.MaxFunctions || _count >= StackLimits.MaxRows)
        {
            Truncated = true;
            return false;
        }

        _first = _count;
        _end = end;
        _last = 0;
        _starts.Add((uint)(start - baseAddress));
        _functions.Add(new Function(_count, 0, (uint)(end - baseAddress)));
        return true;
    }

    public void Row(ulong pc, int rule)
    {
        if (pc >= _end || (_count > _first && _last == rule))
        {
            return;
        }

        if (_count >= StackLimits.MaxRows)
        {
            Truncated = true;
            return;
        }

        if (_count == _pcs.Length)
        {
            Array.Resize(ref _pcs, _count * 2);
            Array.Resize(ref _rules, _count * 2);
        }

        _pcs[_count] = (uint)(pc - baseAddress);
        _rules[_count++] = _last = (ushort)rule;
    }

    public void End()
    {
        var function = _functions[^1];
        _functions[^1] = function with { Rows = _count - function.First };
    }

    /// <summary>
    /// All rows in address order. A range without rule ends with rule 0. Where functions overlap (never in a linked
    /// file) the later start wins.
    /// </summary>
    public UnwindRows Join()
    {
        var starts = _starts.ToArray();
        var functions = _functions.ToArray();
        Array.Sort(starts, functions);
        var pcs = new List<uint>(_count + functions.Length + 1);
        var rules = new List<ushort>(_count + functions.Length + 1);
        for (var i = 0; i < functions.Length; i++)
        {
            var limit = i + 1 < functions.Length ? Math.Min(starts[i + 1], functions[i].End) : functions[i].End;
            for (var r = functions[i].First; r < functions[i].First + functions[i].Rows && _pcs[r] < limit; r++)
            {
                Append(pcs, rules, _pcs[r], _rules[r]);
            }

            Append(pcs, rules, limit, 0);
        }

        return new UnwindRows(baseAddress, [.. pcs], [.. rules]);
    }

    private static void Append(List<uint> pcs, List<ushort> rules, uint pc, ushort rule)
    {
        if (pcs.Count > 0 && pcs[^1] == pc)
        {
            rules[^1] = rule; // the gap that would begin here has no length
            if (pcs.Count > 1 && rules[^2] == rule)
            {
                pcs.RemoveAt(pcs.Count - 1);
                rules.RemoveAt(rules.Count - 1);
            }
        }
        else if (rules.Count == 0 ? rule != 0 : rules[^1] != rule)
        {
            pcs.Add(pc);
            rules.Add(rule);
        }
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    private readonly record struct Function(int First, int Rows, uint End);
}
