namespace REHRSeg;

/// <summary>Names of the pickle opcodes that are refused (Python's <c>pickletools</c> lists them all).</summary>
internal static class PickleOpcodes
{
    static readonly Dictionary<int, string> s_names = new()
    {
        ['0'] = "POP", ['1'] = "POP_MARK", ['2'] = "DUP", ['F'] = "FLOAT", ['I'] = "INT", ['L'] = "LONG", ['P'] = "PERSID", ['S'] = "STRING", ['V'] = "UNICODE",
        ['d'] = "DICT", ['g'] = "GET", ['i'] = "INST", ['l'] = "LIST", ['o'] = "OBJ", ['p'] = "PUT",
        [0x81] = "NEWOBJ", [0x82] = "EXT1", [0x83] = "EXT2", [0x84] = "EXT4", [0x8b] = "LONG4", [0x8d] = "BINUNICODE8", [0x8e] = "BINBYTES8",
        [0x8f] = "EMPTY_SET", [0x90] = "ADDITEMS", [0x91] = "FROZENSET", [0x92] = "NEWOBJ_EX", [0x96] = "BYTEARRAY8", [0x97] = "NEXT_BUFFER", [0x98] = "READONLY_BUFFER",
    };

    /// <summary>The opcode's name and code, for messages.</summary>
    public static string Name(int code) => $"{(s_names.TryGetValue(code, out string? name) ? name + " " : "")}0x{code:x2}";
}
