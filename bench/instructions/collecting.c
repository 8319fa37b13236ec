/* What turns callgrind on and off from within; outside of valgrind both do nothing. */
#include <valgrind/callgrind.h>

void begin(void) { CALLGRIND_START_INSTRUMENTATION; }

void end(void) { CALLGRIND_STOP_INSTRUMENTATION; }
