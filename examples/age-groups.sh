#!/usr/bin/env bash
# A study on classes that are no expressions: young and old drawn faces. Everything after the drawing is what class
# folders of one's own pictures take: prepare, a study file with the class names, run.
#   examples/age-groups.sh [FOLDER] [HOWFAR] [quick]
# `quick` runs the same steps on a few faces, in seconds; its figures say nothing.
set -euo pipefail
out=${1:-age-groups}
howfar=${2:-howfar}
people=(20 60 20) split="train = 12, validation = 10, test = 18" k="0, 1, 2, 5" seeds=5 epochs=24
if [ "${3:-}" = quick ]; then
    people=(5 5 2) split="train = 4, validation = 3, test = 3" k="0, 1" seeds=2 epochs=2
fi
mkdir -p "$out/styles" "$out/folders" "$out/drawn" "$out/faces"

# group, ages, seed
groups=("young 18 30 1" "old 62 85 2")
# what the set is for, style, people of each group
sets=("labelled studio ${people[0]}" "generated wild ${people[1]}" "unseen unseen ${people[2]}")
for set in "${sets[@]}"; do
    read -r role base n <<< "$set"
    [ ! -d "$out/faces/$role" ] || continue
    for group in "${groups[@]}"; do
        read -r class from to seed <<< "$group"
        printf 'name = "%s-%s"\nbase = "%s"\n[shape]\nage_years = [%s, %s]\n' "$class" "$role" "$base" "$from" "$to" \
            > "$out/styles/$class-$role.toml"
        drawn="$out/drawn/$class-$role"
        [ -d "$drawn" ] || "$howfar" draw --people "$n" --style "$out/styles/$class-$role.toml" --seed "$seed" \
            --out "$drawn" --quiet
        rm -rf "$out/exported"
        "$howfar" faces export "$drawn" --as folder --out "$out/exported" --quiet
        # The class is the age group now, whatever is acted.
        mkdir -p "$out/folders/$role/$class"
        mv "$out"/exported/*/*.png "$out/folders/$role/$class/"
    done
    rm -rf "$out/exported"
    # A file is called drawn-old-labelled-2__0007__000042-….png: the identity is what comes before the second __.
    "$howfar" prepare "folder:$out/folders/$role" --any-classes --detect none --provenance drawn --name "$role" \
        --subject-pattern '(?<person>[^/]+__\d+)__' --out "$out/faces/$role"
done

cat > "$out/study.toml" <<END
name = "age-groups"
expressions = ["young", "old"]
[real]
sets = ["faces/labelled"]
split = { $split }
[generated]
sets = ["faces/generated"]
unit = "images"                # class by class: an identity has one age group only
[unseen]
sets = ["faces/unseen"]
[grid]
k = [$k]
seeds = $seeds
[train]
epochs = $epochs
END
"$howfar" run "$out/study.toml" --out "$out/study"
