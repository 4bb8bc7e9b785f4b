using Hud.Elf;

namespace Hud.Unwinding;

/// <summary>Numbers the different rules of a table: equal states get the same number. Number 0 means "no rule".</summary>
internal sealed class RuleSet(ElfMachine machine)
{
    private readonly int _stride = FrameState.RegistersOf(machine) + 2;
    private readonly List<byte[]> _expressions = [];
    private readonly Dictionary<int, List<int>> _expressionsByHash = [];
    private long[] _states = new long[64 * (FrameState.RegistersOf(machine) + 2)];
    private int[] _buckets = new int[256];
    private int _count;

    /// <summary>States that got no number because the table of rules was full.</summary>
    public int Overflows { get; private set; }

    public int Count => _count;

    public int Number(ReadOnlySpan<long> state)
    {
        var mask = _buckets.Length - 1;
        for (var at = Hash(state) & mask; ; at = (at + 1) & mask)
        {
            var number = _buckets[at];
            if (number == 0)
            {
                return Add(state, at);
            }

            if (state.SequenceEqual(StateOf(number)))
            {
                return number;
            }
        }
    }

    /// <summary>The number of an expression, or -1 when it is too long or there are too many.</summary>
    public int AddExpression(ReadOnlySpan<byte> expression)
    {
        var hash = new HashCode();
        hash.AddBytes(expression);
        var key = hash.ToHashCode();
        if (_expressionsByHash.TryGetValue(key, out var same))
        {
            foreach (var i in same)
            {
                if (expression.SequenceEqual(_expressions[i]))
                {
                    return i;
                }
            }
        }

        if (expression.Length > StackLimits.MaxExpressionBytes || _expressions.Count >= StackLimits.MaxExpressions)
        {
            return -1;
        }

        _expressions.Add(expression.ToArray());
        (_expressionsByHash[key] = same ?? []).Add(_expressions.Count - 1);
        return _expressions.Count - 1;
    }

    /// <summary>The rules by number; index 0 is null.</summary>
    public UnwindRule?[] ToRules()
    {
        var expressions = _expressions.ToArray();
        var returnAddress = FrameState.ReturnAddressOf(machine);
        var rules = new UnwindRule?[_count + 1];
        var saved = new List<SavedRegister>();
        for (var number = 1; number <= _count; number++)
        {
            var state = StateOf(number);
            saved.Clear();
            for (var register = 0; register < _stride - 2; register++)
            {
                var rule = new PackedRule(state[register + 1]);
                var isPc = machine == ElfMachine.X64 && register == returnAddress;
                if (rule.Kind != RuleKind.Same && !isPc)
                {
                    saved.Add(new SavedRegister(register, rule));
                }
            }

            rules[number] = new UnwindRule(
                new PackedRule(state[0]),
                new PackedRule(state[returnAddress + 1]),
                [.. saved],
                state[^1] != 0,
                expressions
            );
        }

        return rules;
    }

    /// <summary>Bytes that <see cref="ToRules"/> gives will occupy, estimated.</summary>
    public long MemoryBytes => (_count * 128L) + _expressions.Sum(e => e.Length + 24L);

    private ReadOnlySpan<long> StateOf(int number) => _states.AsSpan((number - 1) * _stride, _stride);

    private int Add(ReadOnlySpan<long> state, int bucket)
    {
        if (_count >= StackLimits.MaxRules)
        {
            Overflows++;
            return 0;
        }

        if ((_count + 1) * _stride > _states.Length)
        {
            Array.Resize(ref _states, _states.Length * 2);
        }

        state.CopyTo(_states.AsSpan(_count * _stride));
        _count++;
        _buckets[bucket] = _count;
        if (_count * 2 > _buckets.Length)
        {
            Rehash();
        }

        return _count;
    }

    private void Rehash()
    {
        _buckets = new int[_buckets.Length * 2];
        var mask = _buckets.Length - 1;
        for (var number = 1; number <= _count; number++)
        {
            var at = Hash(StateOf(number)) & mask;
            while (_buckets[at] != 0)
            {
                at = (at + 1) & mask;
            }

            _buckets[at] = number;
        }
    }

    private static int Hash(ReadOnlySpan<long> state)
    {
        // FNV-like over words with a per-process seed: a hostile file must not be able to choose collisions.
        var hash = Seed;
        foreach (var word in state)
        {
            hash = (hash ^ (ulong)word) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
        }

        return (int)(hash >> 33);
    }

    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64();
}
