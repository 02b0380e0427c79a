"""Instructions of a run by callgrind, by the library that they are of: what seconds are too noisy for."""

import pathlib
import re
import shutil
import subprocess

ENGINES = ("libxgboost", "lib_lightgbm", "libtorch_cpu", "libc10", "libgomp", "libopenblas", "libmkl", "libdnnl", "libsleef")
SYSTEM = ("/libc.so", "/libm.so", "/ld-linux", "/libstdc++", "/libgcc_s", "/libpthread", "/libdl.so")


def stripped(program, plugins, folder):
    """Copies of the program and its plugins: valgrind cannot read the debug information of Swift 6."""
    source = pathlib.Path(program).resolve().parent
    folder = pathlib.Path(folder) / "stripped"
    folder.mkdir(exist_ok=True)
    for name in [pathlib.Path(program).name] + [f"lib{plugin}.so" for plugin in plugins]:
        shutil.copy(source / name, folder / name)
        subprocess.run(["strip", "-g", str(folder / name)], check=True)
    return str(folder / pathlib.Path(program).name)


def owner_of(name):
    # A plugin is called as its engine is.
    if "/stripped/" in name:
        return "rest"
    if any(part in name for part in ENGINES):
        return "engine"
    return "system" if any(part in name for part in SYSTEM) else "rest"


def by_owner(path):
    """Instructions of the engine, of the system's libraries, and of all else: the program and its plugins, or Python."""
    names, counts = {}, {"engine": 0, "system": 0, "rest": 0}
    owner, is_call = "system", False
    with open(path) as file:
        for line in file:
            entry = re.match(r"c?ob=\((\d+)\)(?: (.*))?", line)
            if entry:
                if entry[2]:
                    names[entry[1]] = entry[2]
                if line[0] == "o":
                    name = names[entry[1]]
                    owner = owner_of(name)
            elif line.startswith("calls="):
                is_call = True  # the next line is what was called cost
            elif re.match(r"[+\-*\d]", line):
                if not is_call:
                    counts[owner] += int(line.split()[1])
                is_call = False
    return counts


def difference(command, folder, few, many):
    """What one of `many - few` rounds takes. `command` makes the command line of so many rounds."""
    found = []
    for rounds in (few, many):
        output = f"{folder}/callgrind.{rounds}"
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}"] + command(rounds), cwd=folder,
                       check=True, capture_output=True)
        found.append(by_owner(output))
    return {owner: (found[1][owner] - found[0][owner]) / (many - few) for owner in found[0]}
