using Hud.Bench;

switch (args)
{
    case ["unwind", .. var rest]:
        return UnwindBench.Run(rest);
    default:
        Console.Error.WriteLine("usage: Hud.Bench unwind [ELF FILE ...]");
        return 2;
}
