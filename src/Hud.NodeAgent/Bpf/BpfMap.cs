using System.Runtime.InteropServices;
using Hud.NodeAgent.Interop;

namespace Hud.NodeAgent.Bpf;

/// <summary>A map inside an object, which it keeps alive: libbpf frees the map and closes its descriptor with the object.</summary>
internal readonly unsafe struct BpfMap(BpfObject owner, nint handle, string name)
{
    /// <summary>Valid as long as the object is referenced.</summary>
    public int Fd
    {
        get
        {
            ObjectDisposedException.ThrowIf(owner.IsClosed, owner);
            int fd = Libbpf.bpf_map__fd(handle);
            GC.KeepAlive(owner);
            return fd;
        }
    }

    /// <summary>Only before loading.</summary>
    /// <exception cref="BpfException" />
    public void SetMaxEntries(uint entries)
    {
        int result = Libbpf.bpf_map__set_max_entries(handle, entries);
        GC.KeepAlive(owner);
        if (result != 0)
            throw BpfException.FromErrno($"size map {name}", -result);
    }

    /// <summary>The values that .rodata will be loaded with; only before loading.</summary>
    /// <exception cref="InvalidOperationException">The layout is not the one that was compiled.</exception>
    public ref T InitialValue<T>()
        where T : unmanaged
    {
        nint at = Libbpf.bpf_map__initial_value(handle, out nuint size);
        GC.KeepAlive(owner);
        if (at == 0 || size != (nuint)sizeof(T))
            throw new InvalidOperationException($"map {name} holds {size} bytes, not {sizeof(T)}");
        return ref *(T*)at;
    }

    /// <summary>The map's memory, shared with the programs. To be unmapped by the caller.</summary>
    /// <exception cref="BpfException" />
    public T* Share<T>()
        where T : unmanaged
    {
        nint at = Libc.MapShared(Fd, (nuint)sizeof(T));
        return at > 0 || at < -4095
            ? (T*)at
            : throw BpfException.FromErrno($"share the memory of map {name}", (int)-at);
    }

    public bool TryGet<TKey, TValue>(TKey key, out TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        value = default;
        fixed (TValue* at = &value)
        {
            bool found = Libbpf.bpf_map_lookup_elem(Fd, &key, at) == 0;
            GC.KeepAlive(owner);
            return found;
        }
    }

    /// <summary>One value per possible CPU.</summary>
    public bool TryGetPerCpu<TKey, TValue>(TKey key, TValue[] values)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        fixed (TValue* at = values)
        {
            bool found = Libbpf.bpf_map_lookup_elem(Fd, &key, at) == 0;
            GC.KeepAlive(owner);
            return found;
        }
    }

    /// <exception cref="BpfException" />
    public void Set<TKey, TValue>(TKey key, TValue value)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        int result = Libbpf.bpf_map_update_elem(Fd, &key, &value, 0);
        GC.KeepAlive(owner);
        if (result != 0)
            throw BpfException.FromErrno($"write map {name}", Marshal.GetLastPInvokeError());
    }

    /// <summary>False when the map is full.</summary>
    public bool TrySet<TKey, TValue>(TKey key, TValue value)
        where TKey : unmanaged
        where TValue : unmanaged => Libbpf.bpf_map_update_elem(Fd, &key, &value, 0) == 0;

    /// <summary>Into a queue, which has no keys. False when it is full.</summary>
    public bool TryPush<TValue>(TValue value)
        where TValue : unmanaged
    {
        bool pushed = Libbpf.bpf_map_update_elem(Fd, null, &value, 0) == 0;
        GC.KeepAlive(owner);
        return pushed;
    }

    public void Remove<TKey>(TKey key)
        where TKey : unmanaged
    {
        _ = Libbpf.bpf_map_delete_elem(Fd, &key);
        GC.KeepAlive(owner);
    }
}
