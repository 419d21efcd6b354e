"""Break-glass: permissions for a time, to see what nobody may see without one."""
