//! Turns `STRATA_TEST_NO_KERNEL=1` into `cfg(no_kernel)`, so that the tests it leaves out show in
//! the count as ignored.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=STRATA_TEST_NO_KERNEL");
    println!("cargo::rustc-check-cfg=cfg(no_kernel)");
    if std::env::var("STRATA_TEST_NO_KERNEL").is_ok_and(|value| value == "1") {
        println!("cargo::rustc-cfg=no_kernel");
    }
}
