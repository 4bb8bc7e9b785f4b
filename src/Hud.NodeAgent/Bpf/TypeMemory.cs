using System.Runtime.CompilerServices;
using Hud.NodeAgent.Kernel;

namespace Hud.NodeAgent.Bpf;

/// <summary>
/// Memory of the sums that the kernel keeps of each task type, most of them on each CPU. It is charged to the agent's pod, whose limit has to hold the
/// agent itself as well: 16,384 types, which one executable may have, would be 38 MiB on 2 CPUs, 1,424 MiB on 128 and as much again for each
/// further target. Polls of types that find no place are counted (<see cref="Stat.TypeOutOfRange"/>, "unknown types"), and the slow ones
/// among them are reported like all others.
/// </summary>
internal static class TypeMemory
{
    public const long MaxBytes = 64L << 20;

    /// <param name="cpus">That can be there, not those that are: the kernel allocates for all of them.</param>
    /// <returns>How many of the types get a place.</returns>
    public static int Places(int types, int cpus) =>
        (int)Math.Clamp(MaxBytes / BytesOfType(cpus), 1, Math.Max(1, types));

    public static long BytesOfType(int cpus) =>
        (long)(Unsafe.SizeOf<TypeStats>() + Unsafe.SizeOf<WakeStats>()) * Math.Max(1, cpus)
        + Unsafe.SizeOf<LongWaits>();
}
