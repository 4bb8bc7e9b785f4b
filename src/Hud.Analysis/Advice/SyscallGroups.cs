using System.Collections.Frozen;

namespace Hud.Analysis;

/// <summary>What a blocking call waits for, as far as its name says.</summary>
public enum SyscallGroup
{
    None,
    Futex,
    Sleep,
    FileIo,
    FileSync,
    FileMeta,
    FileLock,
    Network,
    Poll,
    Wait,
    Process,
    Pipe,
    Memory,

    /// <summary>None: the thread sleeps because of memory that it touched.</summary>
    PageFault,
}

/// <summary>Which system calls wait for the same kind of thing, by name.</summary>
public static class SyscallGroups
{
    private static readonly FrozenDictionary<string, SyscallGroup> Groups = GroupTable();

    public static SyscallGroup Of(string? name) =>
        name is not null && Groups.TryGetValue(name, out var group) ? group : SyscallGroup.None;

    private static FrozenDictionary<string, SyscallGroup> GroupTable()
    {
        var groups = new Dictionary<string, SyscallGroup>(StringComparer.Ordinal);
        void Add(SyscallGroup group, string names)
        {
            foreach (var name in names.Split(' '))
            {
                groups.Add(name, group);
            }
        }

        Add(SyscallGroup.Futex, "futex futex_waitv futex_wait futex_wake futex_requeue");
        Add(SyscallGroup.Sleep, "nanosleep clock_nanosleep pause");
        Add(
            SyscallGroup.FileIo,
            "read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 sendfile copy_file_range readahead"
        );
        Add(SyscallGroup.FileSync, "fsync fdatasync sync syncfs sync_file_range msync");
        Add(
            SyscallGroup.FileMeta,
            "open openat openat2 creat close stat fstat lstat newfstatat statx fstatat access faccessat faccessat2 rename renameat renameat2 "
                + "unlink unlinkat mkdir mkdirat rmdir link linkat symlink symlinkat readlink readlinkat getdents getdents64 truncate ftruncate "
                + "fallocate chmod fchmod fchmodat chown fchown fchownat lchown utimensat statfs fstatfs"
        );
        Add(SyscallGroup.FileLock, "flock fcntl");
        Add(
            SyscallGroup.Network,
            "connect accept accept4 sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown socket"
        );
        Add(SyscallGroup.Poll, "poll ppoll select pselect6 epoll_wait epoll_pwait epoll_pwait2 io_uring_enter");
        Add(SyscallGroup.Wait, "wait4 waitid");
        Add(SyscallGroup.Process, "clone clone3 fork vfork execve execveat");
        Add(SyscallGroup.Pipe, "splice tee vmsplice");
        Add(SyscallGroup.Memory, "mmap munmap mremap mprotect madvise brk mlock mlock2 mlockall mbind");
        return groups.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
