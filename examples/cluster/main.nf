// A study with Nextflow. One run does the stage that the study is at; the folder must lie on a disk that all share.
//
//   howfar plan study.toml --write --out my-study
//   nextflow run main.nf --study my-study          # the cells that choose k
//   nextflow run main.nf --study my-study          # those at the chosen k
//   howfar study cells my-study --missing                # lists what is missing after all: another nextflow run
//   howfar run study.toml --out my-study           # nothing is left to compute: results and report
//
// Whether a cell is finished is asked of its folder alone, so that -resume is not needed.
// --chunk 10 runs ten cells in a task. Executor, queue and memory belong in your nextflow.config.

params.study = null
params.chunk = 1

// Also chooses k when the first stage is over.
process LIST {
    executor 'local'
    cache false

    input:
    val study

    output:
    path 'cells.txt'

    script:
    """
    howfar study cells '${study}' --missing --chunk ${params.chunk} > cells.txt
    """
}

process CELLS {
    tag "${command.tokenize().last()}"
    cache false
    cpus 1    // a cell would take all cores that it sees
    // Exit code 75: a cell was stopped, or another process is at it. What fails again is left to the next run.
    errorStrategy { task.attempt <= 3 ? 'retry' : 'ignore' }
    maxRetries 3

    input:
    val command

    script:
    """
    export RAYON_NUM_THREADS=${task.cpus}
    ${command}
    """
}

workflow {
    // The commands have absolute paths, and so must the study's folder have one: tasks run in folders of their own.
    LIST(file(params.study).toAbsolutePath().toString())
    CELLS(LIST.out.splitText().map { line -> line.trim() })
}
