using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Hud.Analysis;
using Hud.NodeAgent.Kernel;
using Missing = Hud.Tests.Support.Missing;

namespace Hud.NodeAgent.Tests.Kernel;

/// <summary>
/// bpf/hud_abi.h against its mirror. A C compiler gives the header's sizes and offsets; the names come from the header's text, so a
/// struct, a field or a constant that is added on one side only is found too.
/// </summary>
public sealed class AbiTests
{
    private static readonly Lazy<AbiHeader?> Compiled = new(AbiHeader.Compile);

    private static readonly Dictionary<string, Type> Structs = new(StringComparer.Ordinal)
    {
        ["hud_event"] = typeof(HudEvent),
        ["hud_wait"] = typeof(HudWait),
        ["hud_type_stats"] = typeof(TypeStats),
        ["hud_wake_stats"] = typeof(WakeStats),
        ["hud_long_waits"] = typeof(LongWaits),
        ["hud_type_info"] = typeof(Hud.NodeAgent.Kernel.TypeInfo),
        ["hud_worker"] = typeof(WorkerState),
        ["hud_control"] = typeof(ControlBlock),
        ["hud_config"] = typeof(ConfigBlock),
        ["hud_task_record"] = typeof(TaskRecord),
        ["hud_sleeper"] = typeof(SleeperRecord),
    };

    private static readonly Dictionary<string, (Type Type, string Prefix)> Enums = new(StringComparer.Ordinal)
    {
        ["hud_event_kind"] = (typeof(EventKind), "HUD_EVENT_"),
        ["hud_lifecycle"] = (typeof(LifecycleKind), "HUD_LIFECYCLE_"),
        ["hud_event_flags"] = (typeof(EventFlags), "HUD_FLAG_"),
        ["hud_wait_flags"] = (typeof(WaitFlags), "HUD_WAIT_"),
        ["hud_stat"] = (typeof(Stat), "HUD_STAT_"),
        ["hud_role"] = (typeof(ThreadRole), "HUD_ROLE_"),
        ["hud_futex"] = (typeof(FutexUse), "HUD_FUTEX_"),
    };

    private static readonly Dictionary<string, long> Constants = new(StringComparer.Ordinal)
    {
        ["HUD_MAX_TARGETS"] = Abi.MaxTargets,
        ["HUD_MAX_DEPTH"] = Abi.MaxDepth,
        ["HUD_HIST_SLOTS"] = Abi.HistogramSlots,
        ["HUD_LONG_FROM"] = LongHistogram.From,
        ["HUD_LONG_SHIFT"] = LongHistogram.Shift,
        ["HUD_LONG_SLOTS"] = Abi.LongSlots,
        ["HUD_KERNEL_FRAMES"] = Abi.KernelFrames,
        ["HUD_STACK_BYTES"] = Abi.StackBytes,
        ["HUD_SCRATCH_PER_THREAD"] = Abi.ScratchPerThread,
        ["HUD_REGS"] = Abi.Registers,
        ["HUD_COMM_BYTES"] = Abi.CommBytes,
        ["HUD_OFF_RUNNABLE"] = Abi.OffRunnable,
        ["HUD_TYPE_OUTSIDE"] = Abi.Outside,
        ["HUD_POOL_SHIFT"] = Abi.PoolShift,
        ["HUD_WAKE_REGISTER_MASK"] = Abi.WakeRegisterMask,
        ["HUD_WAKE_ON_STACK"] = Abi.WakeOnStack,
        ["HUD_WAKE_CHECKED"] = Abi.WakeChecked,
        ["HUD_WAKE_OFFSET_SHIFT"] = Abi.WakeOffsetShift,
        ["HUD_WAKE_OFFSET_MASK"] = Abi.WakeOffsetMask,
        ["HUD_WAKE_SLOT_SHIFT"] = Abi.WakeSlotShift,
        ["HUD_WAKE_SLOT_MASK"] = Abi.WakeSlotMask,
    };

    /// <summary>Used by the BPF programs only.</summary>
    private static readonly string[] KernelOnly = ["HUD_WAKER_STACK_BYTES"];

    private static AbiHeader Header
    {
        get
        {
            if (Compiled.Value is null)
                Missing.Tool("a C compiler (clang-19 or gcc)");
            return Compiled.Value!;
        }
    }

    [Fact]
    public void Every_struct_of_the_header_has_a_mirror()
    {
        string[] known = [.. Structs.Keys, "hud_regs", "hud_scratch"];
        Assert.Equal(
            known.Order(StringComparer.Ordinal),
            Header.Fields.Select(f => f.Struct).Distinct().Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Sizes_are_equal()
    {
        foreach (var (name, type) in Structs)
            Assert.True(
                Header.Size(name) == Marshal.SizeOf(type),
                $"{name}: {Header.Size(name)} bytes in C, {Marshal.SizeOf(type)} in the mirror"
            );
        Assert.Equal(Header.Size("hud_event"), Unsafe.SizeOf<HudEvent>());
        Assert.Equal(Header.Size("hud_control"), Unsafe.SizeOf<ControlBlock>());
        Assert.Equal(Header.Size("hud_worker"), Unsafe.SizeOf<WorkerState>());
        Assert.Equal(Header.Size("hud_type_stats"), Unsafe.SizeOf<TypeStats>());
        Assert.Equal(Header.Size("hud_regs"), Unsafe.SizeOf<RegisterBlock>());
    }

    [Fact]
    public void Every_field_is_at_the_same_place()
    {
        foreach (var (name, type) in Structs)
        {
            var mirror = type.GetFields(BindingFlags.Instance | BindingFlags.Public)
                .ToDictionary(f => Bare(f.Name), StringComparer.Ordinal);
            var fields = Header.Fields.Where(f => f.Struct == name).ToList();
            Assert.Equal(
                fields.Select(f => Bare(f.Field)).Order(StringComparer.Ordinal),
                mirror.Keys.Order(StringComparer.Ordinal)
            );
            foreach (var field in fields)
            {
                long mirrored = Marshal.OffsetOf(type, mirror[Bare(field.Field)].Name);
                Assert.True(
                    field.Offset == mirrored,
                    $"{name}.{field.Field}: at {field.Offset} in C, at {mirrored} in the mirror"
                );
                long size = SizeOf(mirror[Bare(field.Field)].FieldType);
                Assert.True(field.Size == size, $"{name}.{field.Field}: {field.Size} bytes in C, {size} in the mirror");
            }
        }
    }

    [Fact]
    public void A_slice_follows_its_event_directly()
    {
        var stack = Assert.Single(Header.Fields, f => f is { Struct: "hud_scratch", Field: "stack" });
        Assert.Equal(Unsafe.SizeOf<HudEvent>(), stack.Offset);
        Assert.Equal(Unsafe.SizeOf<HudEvent>() + Abi.StackBytes, Header.Size("hud_scratch"));
    }

    [Fact]
    public void Every_enum_constant_is_equal()
    {
        foreach (var (name, (type, prefix)) in Enums)
        {
            var expected = Header
                .Constants.Where(c => c.Enum == name)
                .Select(c => (Name: Bare(c.Name[prefix.Length..]), c.Value))
                .Order();
            var mirror = Enum.GetNames(type)
                .Where(n => n != "None")
                .Select(n => (Name: Bare(n), Value: Convert.ToInt64(Enum.Parse(type, n))))
                .Order();
            Assert.Equal(expected, mirror);
        }
    }

    [Fact]
    public void Every_bound_is_equal()
    {
        var bounds = Header
            .Constants.Where(c => c.Enum.Length == 0 && !KernelOnly.Contains(c.Name))
            .ToDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal);
        Assert.Equal(
            bounds.OrderBy(b => b.Key, StringComparer.Ordinal),
            Constants.OrderBy(b => b.Key, StringComparer.Ordinal)
        );
        Assert.DoesNotContain(Header.Constants, c => c.Enum.Length > 0 && !Enums.ContainsKey(c.Enum));
    }

    private static string Bare(string name)
    {
        string bare = name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        return bare switch
        {
            "hist" => "histogram",
            "regs" => "registers",
            _ => bare,
        };
    }

    private static long SizeOf(Type type) => Marshal.SizeOf(type.IsEnum ? Enum.GetUnderlyingType(type) : type);
}
